"""Inpainting conditions: the picture without its painted part, and the mask, concatenated with the latent.

Rombach et al. (arXiv 2112.10752), section 4.5. Two conventions are published, and denoisers know only their own:
    latent diffusion, 7 channels   latent, masked picture (painted part black), mask in {-1, 1}
    Stable Diffusion, 9 channels   latent, mask in {0, 1}, masked picture (painted part grey)
Letters: b batch, z latent channels, f factor, h and w the picture's size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum

import torch
from torch import Tensor

from core.conditioning.conditioner import ItemConditioner
from core.conditioning.conditioning import Conditioning
from core.errors import InputError
from core.imaging.image import Image
from core.imaging.mask import Mask

Encode = Callable[[Tensor], Tensor]
"""The first stage: pictures [b, 3, h, w] in [-1, 1] to latents [b, z, h/f, w/f]."""


class Convention(StrEnum):
    """How a denoiser was told of the mask."""

    LATENT_DIFFUSION = "latent diffusion"
    STABLE_DIFFUSION = "stable diffusion"


class Inpainting(ItemConditioner):
    """Shows the denoiser what is kept; its items are pictures and masks, [b, 3 + 1, h, w].

    Attributes:
        first_stage: Its encoder; not trained, and no part of this module's weights.
        convention: How the denoiser is told of the mask.
    """

    takes = "pictures with masks"

    def __init__(self, first_stage: Encode, convention: str = Convention.LATENT_DIFFUSION) -> None:
        super().__init__()
        self.first_stage, self.convention = first_stage, Convention(convention)

    def forward(self, items: Tensor) -> Conditioning:
        """Map pictures in [-1, 1] with masks in {0, 1} to [b, z + 1, h/f, w/f]."""
        pixels, painted = items[:, :3], items[:, 3:]
        latent = self.first_stage(masked_picture(pixels, painted, self.convention))
        small = Mask(painted).resized(*latent.shape[-2:]).values.to(latent)
        parts = (small, latent) if self.convention is Convention.STABLE_DIFFUSION else (latent, small * 2 - 1)
        return Conditioning(concat=torch.cat(parts, dim=1))

    def null_items(self, items: Tensor) -> Tensor:
        """Return the pictures wholly painted, so that nothing is kept."""
        return torch.cat([items[:, :3], torch.ones_like(items[:, 3:])], dim=1)

    def encode(self, image: Image, mask: Mask) -> Conditioning:
        """Return the condition for changing the painted part of a picture; what is at least half painted is.

        Raises:
            InputError: The mask has another size than the picture.
        """
        if image.pixels.shape[-2:] != mask.values.shape[-2:]:
            (h, w), (mask_h, mask_w) = image.pixels.shape[-2:], mask.values.shape[-2:]
            raise InputError(
                f"The mask is {mask_w} × {mask_h}, the picture {w} × {h}.",
                why="Each pixel of the mask says whether one of the picture changes.",
                fix="Paint the mask on this picture, or resize both in the same way.", port="mask",
            )  # fmt: skip
        painted = (mask.values >= 0.5).to(image.pixels).expand(len(image.pixels), -1, -1, -1)
        return replace(self.forward(torch.cat([image.pixels, painted], dim=1)), summary="inpainting")


def masked_picture(pixels: Tensor, painted: Tensor, convention: Convention) -> Tensor:
    """Replace the painted part [b, 1, h, w] of pictures [b, 3, h, w] by what the convention shows there."""
    hole = -1.0 if convention is Convention.LATENT_DIFFUSION else 0.0
    return pixels * (1 - painted) + hole * painted
