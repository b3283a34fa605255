"""What all samplers share: visiting the steps of a grid, and the noise levels between which they go.

A sampler is a pure function `sampler(model, x, schedule, grid, *, ..., before, callback)`: the model predicts x_0 and
eps from x_t [b, c, h, w] and t [b]; x is the latent at the level of grid[-1]; `grid` holds increasing steps t, [S].
Most go on from the grid's first step to step 0 of the schedule and end there, as published latent diffusion models are
sampled; `ddpm` and `lcm` end at the clean latent.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from core.diffusion.noise_schedule import NoiseSchedule
from core.samplers.known_region import BeforeStep
from core.samplers.step_record import StepCallback, StepRecord

Noise = Callable[[Tensor], Tensor]
"""Draws standard normal noise shaped like its argument."""

Step = Callable[[int, Tensor, Tensor], tuple[Tensor, Tensor]]
"""One step: its index from 0, x_t [b, c, h, w] and t [b] to the next latent and the clean one that was expected."""


def follow(grid: Tensor, x: Tensor, step: Step, before: BeforeStep | None, callback: StepCallback | None) -> Tensor:
    """Take the steps of `grid` [S] from its last to its first; return the final latent, [b, c, h, w].

    Args:
        grid: Increasing steps t; the model gets whole ones as int64, others as floats.
        x: The latent at grid[-1], [b, c, h, w].
        step: Called once for each.
        before: Changes x_t before each step, as `known_region` does to keep a part of a picture.
        callback: Called after each step; may raise to stop.
    """
    for index, t in enumerate(reversed(grid.tolist())):
        if before is not None:
            x = before(x, t)
        x, pred_x0 = step(index, x, times(t, x))
        if callback is not None:
            callback(StepRecord(index, len(grid), t, x, pred_x0))
    return x


def times(t: float, x: Tensor) -> Tensor:
    """Return t for each sample of x [b, ...]: int64 for an int, else float64 for a float64 x and float32 for others."""
    whole = isinstance(t, int)
    dtype = torch.int64 if whole else torch.float64 if x.dtype is torch.float64 else torch.float32
    return torch.full((len(x),), t, dtype=dtype, device=x.device)


@dataclass(frozen=True)
class Levels:
    """The noise levels that a sampler visits, from noise to data: the grid's S, then step 0 of the schedule.

    Attributes:
        t: Steps, falling, [S + 1].
        alpha: Signal sqrt(alpha_bar), rising, [S + 1].
        sigma: Noise sqrt(1 - alpha_bar), falling, [S + 1].
    """

    t: tuple[float, ...]
    alpha: tuple[float, ...]
    sigma: tuple[float, ...]

    @property
    def steps(self) -> int:
        """S, the number of steps."""
        return len(self.t) - 1

    def lam(self, i: int) -> float:
        """Return lambda = log(alpha / sigma), half the logarithm of the signal-to-noise ratio; -inf for noise alone."""
        return math.log(self.alpha[i] / self.sigma[i]) if self.alpha[i] > 0 else -math.inf

    def ratio(self, i: int) -> float:
        """Return sigma / alpha, the noise level of Karras et al. (arXiv 2206.00364); inf for noise alone."""
        return self.sigma[i] / self.alpha[i] if self.alpha[i] > 0 else math.inf


def levels(schedule: NoiseSchedule, grid: Tensor) -> Levels:
    """Return the levels of increasing steps `grid` [S]; a step 0 in it is the end and is not taken.

    Raises:
        ValueError: The steps do not increase, or leave the schedule.
    """
    taken = visited(grid)
    last = float(taken[-1]) if len(taken) else 0.0
    if not bool((taken.diff() > 0).all()) or not 0 < last <= schedule.timesteps - 1:
        raise ValueError(f"grid must increase within 0 to {schedule.timesteps - 1}; got {grid.tolist()}.")
    falling = torch.cat([taken.flip(0), torch.zeros_like(taken[:1])])
    a = schedule.alpha_bar_at(falling)
    return Levels(tuple(falling.tolist()), tuple(a.sqrt().tolist()), tuple((1 - a).sqrt().tolist()))


def visited(grid: Tensor) -> Tensor:
    """Return the steps of `grid` [S] above 0, where the model is asked."""
    return grid[grid > 0]
