"""Steering an unconditional model after its training by anything that can be differentiated.

Rombach et al. (arXiv 2112.10752), appendix C: p(y | x_t) is judged at the clean latent x_0(x_t) that the model expects,
and the predicted noise is shifted by its gradient, eps' = eps - sqrt(1 - alpha_bar) grad log p(y | x_0(x_t)), as
Dhariwal and Nichol (arXiv 2105.05233), algorithm 2, do with a classifier. For pictures, p is Gaussian: the loss is
|y - T(D(x_0))|^2 / 2 with D the decoder and T what y lost, such as detail or a part; here for each value of the latent,
so that a strength means the same for pictures of any size. The less signal x_t holds, the less its x_0 means:
the strength is multiplied by alpha_bar, without which the first steps overshoot and the picture never recovers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the customary name

from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Model, Prediction
from core.errors import InputError

Target = Callable[[Tensor], Tensor]
"""How badly clean latents [b, z, h/f, w/f] miss what is wanted, -log p: [b]; differentiable."""

Decode = Callable[[Tensor], Tensor]
"""A differentiable decoder: clean latents [b, z, h/f, w/f] to images [b, 3, h, w] in [-1, 1]."""


@dataclass(frozen=True)
class ImageGuidance:
    """What a picture is steered to, and how strongly.

    Attributes:
        target: What is wanted.
        scale: Factor of the gradient where the picture is nearly clean; 0 = none, 20 is usual, more keeps closer.
        summary: A few words for people.
    """

    target: Target
    scale: float = 1.0
    summary: str = ""

    def loom_summary(self) -> str:
        """Return a line for people."""
        return f"{self.summary} × {self.scale:g}"


def image_guided(model: Model, schedule: NoiseSchedule, guidance: ImageGuidance) -> Model:
    """Wrap a model so that each prediction is shifted towards the target; gradients flow through the model.

    Raises:
        InputError: The gradient is not finite, because the scale is too large.
    """

    def steered(x_t: Tensor, t: Tensor) -> Prediction:
        with torch.enable_grad():
            x = x_t.detach().requires_grad_()
            p = model(x, t)
            (gradient,) = torch.autograd.grad(guidance.target(p.x0).sum(), x)
        if not bool(torch.isfinite(gradient).all()):
            raise InputError(
                f"Image guidance of strength {guidance.scale:g} has no finite gradient at step {float(t[0]):g}.",
                why="The picture was pushed so far that its latent left the range of numbers.",
                fix="Lower the strength of the image guidance to a tenth.",
                port="strength",
            )
        signal, sigma = schedule.signal_and_noise(t, x_t)
        shift = guidance.scale * signal**2 * sigma * gradient
        # x_0' = (x_t - sigma eps') / signal; from noise alone, eps says nothing about x_0.
        x_0 = p.x0 - torch.where(signal > 0, sigma / signal.clamp(min=1e-12), 0.0) * shift
        return Prediction(x_0.detach(), (p.eps + shift).detach())

    return steered


def low_resolution(decode: Decode, picture: Tensor) -> Target:
    """Return a target that wants pictures whose area averages are `picture` [b or 1, 3, h', w'] in [-1, 1]."""

    def loss(x_0: Tensor) -> Tensor:
        small = F.interpolate(decode(x_0), picture.shape[-2:], mode="area")
        return _half_square((small - picture.to(small)) ** 2, x_0)

    return loss


def known_pixels(decode: Decode, picture: Tensor, mask: Tensor) -> Target:
    """Return a target that wants `picture` [b or 1, 3, h, w] in [-1, 1] where `mask` [b or 1, 1, h, w] is 1."""

    def loss(x_0: Tensor) -> Tensor:
        image = decode(x_0)
        return _half_square(mask.to(image) * (image - picture.to(image)) ** 2, x_0)

    return loss


def classified(decode: Decode, classifier: Callable[[Tensor], Tensor], label: int) -> Target:
    """Return a target that wants pictures which `classifier`, from images to logits [b, classes], gives `label`."""

    def loss(x_0: Tensor) -> Tensor:
        return -F.log_softmax(classifier(decode(x_0)), dim=1)[:, label]

    return loss


def _half_square(squares: Tensor, x_0: Tensor) -> Tensor:
    """Return half the mean of squared misses, times the number of the latent's values: [b]."""
    return squares.flatten(1).mean(1) * x_0[0].numel() / 2
