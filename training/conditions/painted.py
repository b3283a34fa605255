"""Conditions from pictures with a painted part: inpainting."""

from __future__ import annotations

import torch
from torch import Tensor

from core.conditioning.inpainting import Convention, Inpainting, masked_picture
from core.diffusion.latent_diffusion import Autoencoder
from core.imaging.image import Pixels, to_uint8
from core.imaging.mask import Mask
from training.conditions.batch import Batch
from training.conditions.condition import Condition
from training.conditions.config import InpaintingConfig
from training.conditions.masks import random_mask

GROWN = 1 / 16  # how much a mask reaches beyond a thing, as a share of the picture's width


class InpaintingCondition(Condition):
    """Pictures with random masks."""

    def __init__(self, conditioner: Inpainting, config: InpaintingConfig) -> None:
        super().__init__(conditioner)
        self._config = config

    def items(self, batch: Batch) -> Tensor:
        """Return the pictures with their masks, [b, 3 + 1, h, w]."""
        return torch.cat([batch.pixels, self._masks(batch)], dim=1)

    def pictures(self, batch: Batch) -> Pixels:
        """Show what is kept."""
        return to_uint8(masked_picture(batch.pixels, self._masks(batch), Convention.STABLE_DIFFUSION))

    def _masks(self, batch: Batch) -> Tensor:
        return torch.stack([self._mask(batch, index) for index in range(len(batch))])

    def _mask(self, batch: Batch, index: int) -> Tensor:
        stream, item = batch.generator(index, "mask"), batch.items[index]
        height, width = item.image.shape[:2]
        covers = float(torch.rand((), generator=stream)) < self._config.thing_share
        if covers and item.mask is not None and item.mask.any():
            grown = Mask(torch.from_numpy(item.mask).float()[None, None]).grown(max(1, round(width * GROWN)))
            return grown.values[0]
        return random_mask(height, width, self._config.box_share, stream)


def inpainting_condition(config: InpaintingConfig, autoencoder: Autoencoder) -> InpaintingCondition:
    """Return what shows masked pictures to a denoiser in an autoencoder's latent space."""

    def encode(pixels: Tensor) -> Tensor:
        # In the precision in which the latents were made, whatever the denoiser learns in.
        with torch.autocast(pixels.device.type, enabled=False):
            return autoencoder.encode(pixels)

    return InpaintingCondition(Inpainting(encode, config.convention), config)
