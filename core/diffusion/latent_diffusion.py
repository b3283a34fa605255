"""The values that flow between nodes: latents and the parts of a latent diffusion model.

Rombach et al. (arXiv 2112.10752), sections 3.1 to 3.3 and appendix G (latents rescaled to unit variance).
Letters: b batch, z latent channels, f factor, h and w the image's height and width.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from core.conditioning.conditioner import Conditioner
from core.conditioning.conditioning import Conditioning
from core.conditioning.fitting import check_fits
from core.diffusion.guidance import ALWAYS, guided
from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Model, Parameterization, predicting
from core.diffusion.windows import Windows, windowed
from core.errors import InputError
from core.models import tiling
from core.models.first_stage import FirstStageModel
from core.models.tiling import AUTOMATIC, OnTile, Tiling
from core.models.unet import UNetModel

PURE_NOISE = -1


@dataclass(frozen=True)
class LatentSpace:
    """Where a latent lives; two latents can be mixed only if their spaces are equal.

    Attributes:
        name: The autoencoder's name.
        channels: z, at least 1.
        factor: f, pixels to a latent cell, at least 1.
        scale: Factor that gives latents unit variance.
    """

    name: str
    channels: int
    factor: int
    scale: float = 1.0

    def __post_init__(self) -> None:
        for field in ("channels", "factor"):
            value: object = getattr(self, field)  # a file may say anything
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"{field} of a latent space must be a whole number above 0; got {value!r}.")

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Return the latent's (height, width) for an image in pixels.

        Raises:
            InputError: The width or height is no multiple of the factor.
        """
        for label, pixels in (("Width", width), ("Height", height)):
            if pixels < self.factor or pixels % self.factor:
                below = max(self.factor, pixels // self.factor * self.factor)
                raise InputError(
                    f"{label} {pixels} cannot be encoded.",
                    why=f"This autoencoder needs multiples of {self.factor}.",
                    fix=f"Use {below} or {below + self.factor}.",
                    port=label.lower(),
                )
        return height // self.factor, width // self.factor


@dataclass(frozen=True)
class Latent:
    """A batch of latents.

    Attributes:
        values: Scaled to unit variance, [b, z, h/f, w/f].
        space: Where they live.
        seeds: One seed for each, for the noise that sampling adds.
        level: Step t of the noise schedule that they are noised to; None = clean, `PURE_NOISE` = nothing but noise.
    """

    values: Tensor
    space: LatentSpace
    seeds: tuple[int, ...]
    level: float | None = None

    def loom_summary(self) -> str:
        """Return a line for people."""
        b, z, h, w = self.values.shape
        return f"{b} latent{'s' * (b > 1)} of {z} × {h} × {w}"


@dataclass(frozen=True)
class Autoencoder:
    """The first stage with its latent space."""

    module: FirstStageModel
    space: LatentSpace

    @torch.no_grad()
    def encode(self, images: Tensor, tiles: Tiling = AUTOMATIC, on_tile: OnTile = tiling.nobody) -> Tensor:
        """Map images [b, 3, h, w] in [-1, 1] to the most probable latents, unit variance, [b, z, h/f, w/f]."""
        return tiling.encode(self.module, _for(self.module, images), tiles, on_tile).float() * self.space.scale

    @torch.no_grad()
    def decode(self, latents: Tensor, tiles: Tiling = AUTOMATIC, on_tile: OnTile = tiling.nobody) -> Tensor:
        """Map latents [b, z, h/f, w/f] to images [b, 3, h, w] in [-1, 1]; arguments as for `tiling.decode`."""
        z = _for(self.module, latents / self.space.scale)
        return tiling.decode(self.module, z, tiles, on_tile).float().clamp_(-1, 1)

    def decode_whole(self, latents: Tensor) -> Tensor:
        """Do as `decode` without tiles, and so that gradients reach the latents; beyond [-1, 1] too."""
        images: Tensor = self.module.decode(_for(self.module, latents / self.space.scale)).float()
        return images


@dataclass(frozen=True)
class Denoiser:
    """The UNet with all that is needed to read its predictions.

    Attributes:
        module: The network.
        space: The latents it was trained on.
        schedule: The forward process it was trained with.
        parameterization: What it predicts.
    """

    module: UNetModel
    space: LatentSpace
    schedule: NoiseSchedule
    parameterization: Parameterization

    def __post_init__(self) -> None:
        if self.schedule.zero_terminal_snr and self.parameterization is Parameterization.EPS:
            raise ValueError("A model that predicts eps says nothing about the data where there is noise alone.")

    def output(self, x_t: Tensor, t: Tensor, condition: Conditioning) -> Tensor:
        """Return what the network predicts for x_t [b, z, h/f, w/f] at steps t [b] under a condition for each.

        A map that stretches is scaled to x_t.
        """
        condition = condition.fitted(*x_t.shape[-2:])
        check_fits(condition, self.module, x_t)
        x = x_t if condition.concat is None else torch.cat([x_t, condition.concat.to(x_t)], dim=1)
        output: Tensor = self.module(x, t, context=condition.tokens, y=condition.vector)
        return output

    def guided(
        self,
        positive: Conditioning,
        null: Conditioning | None = None,
        scale: float = 1.0,
        *,
        rescale: float = 0.0,
        interval: tuple[float, float] = ALWAYS,
        windows: Windows | None = None,
    ) -> Model:
        """Return the model that a sampler calls, under classifier-free guidance.

        Args:
            positive, null, scale, rescale, interval: As for `guidance.guided`.
            windows: How to cut canvases larger than the network should see at once; None = not at all.
        """
        network = self.output if windows is None else windowed(self.output, windows)
        output = guided(network, positive, null, scale, rescale=rescale, interval=interval)
        return predicting(self.parameterization, self.schedule, output)


@dataclass(frozen=True)
class LatentDiffusion:
    """A whole model: first stage, denoiser, and what makes its conditions."""

    autoencoder: Autoencoder
    denoiser: Denoiser
    conditioner: Conditioner


def _for(module: torch.nn.Module, x: Tensor) -> Tensor:
    """Return x on the device and in the precision of the module."""
    weight = next(module.parameters(), None)
    return x if weight is None else x.to(weight)
