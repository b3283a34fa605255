"""How far a reconstruction is from its image.

Rombach et al. (arXiv 2112.10752), appendix G. Letters: b batch, c channels, h height, w width.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


def image_gradient_l1(a: Tensor, b: Tensor) -> Tensor:
    """Mean absolute error of the horizontal and vertical differences of images [b, c, h, w]; keeps edges sharp."""
    dx = (a.diff(dim=-1) - b.diff(dim=-1)).abs().mean()
    dy = (a.diff(dim=-2) - b.diff(dim=-2)).abs().mean()
    return dx + dy


@dataclass(frozen=True, kw_only=True)
class PixelWeights:
    """Weights of the absolute error, the squared error, and the absolute error of neighbours' differences."""

    l1: float = 1.0
    l2: float = 0.0
    gradient: float = 0.0


ABSOLUTE_ERROR = PixelWeights()


def pixel_error(prediction: Tensor, image: Tensor, weights: PixelWeights) -> tuple[Tensor, dict[str, Tensor]]:
    """Compare images [b, c, h, w] in [-1, 1].

    Returns the weighted error of each value [b, c, h, w], in which the gradient error, a mean, is the same everywhere,
    and the unweighted means of the three errors for the log.
    """
    difference = prediction - image
    absolute, squared, gradient = difference.abs(), difference.square(), image_gradient_l1(prediction, image)
    error = weights.l1 * absolute
    if weights.l2:
        error = error + weights.l2 * squared
    if weights.gradient:
        error = error + weights.gradient * gradient
    return error, {"l1": absolute.mean(), "l2": squared.mean(), "gradient": gradient}


def psnr(a: Tensor, b: Tensor) -> Tensor:
    """Peak signal-to-noise ratio of each pair of images [b, c, h, w] in [-1, 1]: [b], in dB."""
    mse = (a - b).square().mean(dim=(1, 2, 3)).clamp(min=1e-10)
    return 10 * torch.log10(4 / mse)
