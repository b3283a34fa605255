"""Heun's method on the probability flow: each Euler step is corrected by the slope at its end.

Karras et al. (arXiv 2206.00364), algorithm 1: dx/dsigma = eps in the variables x / alpha and sigma / alpha.
"""

from __future__ import annotations

from torch import Tensor

from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Model
from core.samplers.known_region import BeforeStep
from core.samplers.step_record import StepCallback
from core.samplers.stepping import follow, levels, times, visited


def heun(
    model: Model,
    x: Tensor,
    schedule: NoiseSchedule,
    grid: Tensor,
    *,
    before: BeforeStep | None = None,
    callback: StepCallback | None = None,
) -> Tensor:
    """Solve the probability flow from the last step of `grid` to step 0: second order, two calls of the model a step.

    Args:
        model: Predicts x_0 and eps from x_t [b, c, h, w] and t [b].
        x: Latent at the noise level of grid[-1], [b, c, h, w].
        schedule: The forward process the model was trained with.
        grid: Increasing steps t, [S].
        before: Changes x_t before each step, as `known_region` does to keep a part of a picture.
        callback: Called after each step.

    Returns:
        The final latent, [b, c, h, w].
    """
    at = levels(schedule, grid)

    def step(i: int, x_t: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        p = model(x_t, t)
        x_next = at.alpha[i + 1] * p.x0 + at.sigma[i + 1] * p.eps
        if at.alpha[i] == 0:  # the first step from noise alone has no finite length to average over
            return x_next, p.x0
        slope = (p.eps + model(x_next, times(at.t[i + 1], x_t)).eps) / 2
        return at.alpha[i + 1] * (x_t / at.alpha[i] + (at.ratio(i + 1) - at.ratio(i)) * slope), p.x0

    return follow(visited(grid), x, step, before, callback)
