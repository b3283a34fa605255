"""Keeping a part of a picture while the rest is sampled.

Lugmayr et al., "RePaint" (arXiv 2201.09865), equation 8: x_t = m * x_t(known) + (1 - m) * x_t(unknown), the known
part drawn anew from q(x_t | x_0) before each step.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from core.diffusion.noise_schedule import NoiseSchedule

BeforeStep = Callable[[Tensor, float], Tensor]
"""Changes the latent [b, c, h, w] at step t before the model sees it."""


def known_region(schedule: NoiseSchedule, x_0: Tensor, mask: Tensor, noise: Callable[[Tensor], Tensor]) -> BeforeStep:
    """Return a function for a sampler's `before` that keeps a part of `x_0`.

    Args:
        schedule: The forward process.
        x_0: The clean latent, [b, c, h, w].
        mask: 1 where `x_0` is kept, 0 where the sampler decides, [b, 1, h, w].
        noise: Draws fresh noise shaped like its argument.
    """

    def blend(x_t: Tensor, t: float) -> Tensor:
        known = schedule.add_noise(x_0, noise(x_0), torch.full((len(x_0),), t, device=x_0.device))
        return mask * known + (1 - mask) * x_t

    return blend
