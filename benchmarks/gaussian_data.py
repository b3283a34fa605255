"""Data drawn from a normal distribution, for which the denoiser, the probability flow and all moments are known.

For x_0 ~ N(m, s^2), x_t ~ N(alpha m, v) with v = alpha^2 s^2 + sigma^2, and E[x_0 | x_t] - m = alpha s^2 / v (x_t -
alpha m).
Along the probability flow (Song et al., arXiv 2011.13456, section 4.3), x_t stays as many deviations from its mean.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Prediction

Run = Callable[[Callable[[Tensor], Tensor], Tensor], Tensor]
"""A sampler with its model and grid: noise source and first latent [b, ...] to the final latent."""


@dataclass(frozen=True)
class GaussianData:
    """A distribution of numbers, and what is exact about it under a schedule."""

    schedule: NoiseSchedule
    mean: float = 0.7
    deviation: float = 0.4

    def spread(self, t: Tensor) -> Tensor:
        """Return the deviation of x_t for steps t, float64."""
        a = self.schedule.alpha_bar_at(t)
        return (a * self.deviation**2 + 1 - a).sqrt()

    def predict(self, x_t: Tensor, t: Tensor) -> Prediction:
        """Return E[x_0 | x_t] and E[eps | x_t] for x_t [b, c, h, w] and t [b]: the perfect model."""
        a, spread = (table.reshape(-1, 1, 1, 1) for table in (self.schedule.alpha_bar_at(t), self.spread(t)))
        off = x_t - a.sqrt() * self.mean
        x_0 = self.mean + a.sqrt() * self.deviation**2 / spread**2 * off
        return Prediction(x_0.to(x_t), ((1 - a).sqrt() * off / spread**2).to(x_t))

    def on_flow(self, z: Tensor, t: float) -> Tensor:
        """Return the point of the probability flow at step t that is z deviations from the mean."""
        when = torch.tensor(float(t), dtype=torch.float64)
        return self.schedule.alpha_bar_at(when).sqrt() * self.mean + self.spread(when) * z


def exact_moments(run: Run, spread: float, mean: float, draws: int) -> tuple[float, float]:
    """Return the mean and the variance of what a sampler makes of N(mean, spread^2), without drawing anything.

    With the perfect model of Gaussian data, the result is linear in the first latent and in all noise drawn on the way.
    So the sampler runs on a batch in which each sample has 1 in place of another one of them, and 0 elsewhere.
    """
    drawn = 0

    def impulses(like: Tensor) -> Tensor:
        nonlocal drawn
        drawn += 1
        impulse = torch.zeros_like(like)
        impulse[drawn + 1] = 1
        return impulse

    start = torch.full((draws + 2, 1, 1, 1), mean, dtype=torch.float64)
    start[1] += spread
    end = run(impulses, start).flatten()
    return float(end[0]), float(((end[1:] - end[0]) ** 2).sum())
