"""Low-resolution pictures with noise, as in Stable Diffusion's 4x upscaler.

Ho et al., "Cascaded Diffusion Models" (arXiv 2106.15282), section 4.2, conditioning augmentation: the small picture is
noised to a random level in training, and the denoiser is told the level, so that it does not trust small details that
another model made up. Arguments are those of the reference's ImageConcatWithNoiseAugmentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from core.conditioning.conditioner import ItemConditioner
from core.conditioning.conditioning import Conditioning
from core.diffusion.noise_schedule import NoiseSchedule
from core.errors import InputError
from core.imaging.image import Image
from core.randomness import NoiseSource, derived_seed

SCHEDULE_NAMES = {"beta_schedule": "schedule"}


class ImageConcatWithNoiseAugmentation(ItemConditioner):
    """Noises small pictures, and gives the level as the denoiser's class.

    Args (names of the reference implementation):
        noise_schedule_config: Of the noise that is added: beta_schedule, timesteps, linear_start, linear_end, cosine_s.
        max_noise_level: Levels are below it; at most the schedule's steps.
    """

    takes = "low-resolution pictures"

    def __init__(self, noise_schedule_config: Mapping[str, Any] | None = None, max_noise_level: int = 1000) -> None:
        super().__init__()
        given = noise_schedule_config or {}
        self.schedule = NoiseSchedule(**{SCHEDULE_NAMES.get(name, name): value for name, value in given.items()})
        if not 0 < max_noise_level <= self.schedule.timesteps:
            raise ValueError(f"max_noise_level must be in [1, {self.schedule.timesteps}]; got {max_noise_level}.")
        self.max_noise_level = max_noise_level

    def noised(self, images: Tensor, level: Tensor, noise: Tensor) -> Tensor:
        """Noise pictures [b, 3, h, w] to levels [b] of the schedule (equation 4 of arXiv 2006.11239)."""
        return self.schedule.add_noise(images, noise, level)

    def forward(self, items: Tensor) -> Conditioning:
        """Noise pictures [b, 3, h, w] in [-1, 1] to random levels, from PyTorch's own random stream."""
        level = torch.randint(0, self.max_noise_level, (len(items),), device=items.device)
        return Conditioning(vector=level, concat=self.noised(items, level, torch.randn_like(items)))

    def null_items(self, items: Tensor) -> Tensor:
        """Return grey pictures."""
        return torch.zeros_like(items)

    def encode(self, image: Image, level: int, seed: int) -> Conditioning:
        """Noise pictures to one level, each with a noise of its own that the seed decides.

        Raises:
            InputError: The level is too high for this model.
        """
        if not 0 <= level < self.max_noise_level:
            raise InputError(
                f"The noise level {level} is too high.",
                why=f"This model was trained with levels below {self.max_noise_level}.",
                fix=f"Use {self.max_noise_level - 1} or less.", port="noise_level",
            )  # fmt: skip
        levels = torch.full((len(image.pixels),), level)
        seeds = [derived_seed("low resolution", seed, index) for index in range(len(levels))]
        noise = NoiseSource(seeds)(image.pixels)
        words = f"low-resolution picture, noise level {level}"
        return Conditioning(vector=levels, summary=words, concat=self.noised(image.pixels, levels, noise))
