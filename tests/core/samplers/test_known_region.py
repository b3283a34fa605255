"""Keeping a part of a picture."""

from __future__ import annotations

import torch
from torch import Tensor

from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Parameterization, Prediction, to_eps
from core.randomness import NoiseSource
from core.samplers.ddim import ddim
from core.samplers.known_region import known_region
from core.samplers.time_grid import ddim_timesteps

SCHEDULE = NoiseSchedule()
X_0 = torch.full((1, 2, 4, 4), 0.6)
MASK = torch.zeros(1, 1, 4, 4)
MASK[..., :2] = 1


def test_what_is_kept_is_noised_to_the_step_and_the_rest_stays() -> None:
    keep = known_region(SCHEDULE, X_0, MASK, noise=torch.zeros_like)
    x_t = torch.randn(1, 2, 4, 4)
    blended = keep(x_t, 500)
    torch.testing.assert_close(blended[..., 2:], x_t[..., 2:])
    kept = SCHEDULE.add_noise(X_0, torch.zeros_like(X_0), torch.tensor([500]))
    torch.testing.assert_close(blended[..., :2], kept[..., :2])


def test_sampling_returns_the_kept_part() -> None:
    keep = known_region(SCHEDULE, X_0, MASK, NoiseSource([3]))
    grid, start = ddim_timesteps(20), torch.randn(1, 2, 4, 4)

    def model(x_t: Tensor, t: Tensor) -> Prediction:
        return Prediction(X_0, to_eps(Parameterization.X0, SCHEDULE, X_0, x_t, t))

    end = ddim(
        model, start, SCHEDULE, grid, noise=torch.zeros_like, before=keep,
    )  # fmt: skip
    torch.testing.assert_close(end[..., :2], X_0[..., :2], atol=0.05, rtol=0)
