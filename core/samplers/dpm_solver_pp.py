"""DPM-Solver++(2M) and its stochastic variant: exact for the linear part of the process, second order in lambda.

Lu et al., "DPM-Solver++" (arXiv 2211.01095), algorithm 2 for 2M, and SDE-DPM-Solver++(2M) there. The amount of fresh
noise is steered by eta as DDIM's is: with eta = 0 the SDE's step is the ODE's.
lambda = log(alpha / sigma); D_i is the clean latent expected at step i.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import Tensor

from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Model
from core.samplers.known_region import BeforeStep
from core.samplers.step_record import StepCallback
from core.samplers.stepping import Levels, Noise, follow, levels, visited

FEW_STEPS = 15


def dpmpp_2m(
    model: Model,
    x: Tensor,
    schedule: NoiseSchedule,
    grid: Tensor,
    *,
    lower_order_final: bool | None = None,
    before: BeforeStep | None = None,
    callback: StepCallback | None = None,
) -> Tensor:
    """Solve the probability flow from the last step of `grid` to step 0: second order, one call of the model a step.

    Args:
        model: Predicts x_0 and eps from x_t [b, c, h, w] and t [b].
        x: Latent at the noise level of grid[-1], [b, c, h, w].
        schedule: The forward process the model was trained with.
        grid: Increasing steps t, [S].
        lower_order_final: Whether the last step is of first order, for stability; None = below 15 steps, as published.
        before: Changes x_t before each step, as `known_region` does to keep a part of a picture.
        callback: Called after each step.

    Returns:
        The final latent, [b, c, h, w].
    """
    at = levels(schedule, grid)
    low = at.steps < FEW_STEPS if lower_order_final is None else lower_order_final
    step = _multistep(model, at, 0.0, low, lambda like: like)
    return follow(visited(grid), x, step, before, callback)


def dpmpp_2m_sde(
    model: Model,
    x: Tensor,
    schedule: NoiseSchedule,
    grid: Tensor,
    *,
    eta: float = 1.0,
    noise: Noise,
    lower_order_final: bool = True,
    before: BeforeStep | None = None,
    callback: StepCallback | None = None,
) -> Tensor:
    """Draw from the data with fresh noise at each step; eta = 0 is `dpmpp_2m`, other arguments as there.

    The last step is of first order unless told otherwise: it is long in lambda, and would extrapolate fresh noise.
    """
    at = levels(schedule, grid)
    step = _multistep(model, at, eta, lower_order_final, noise)
    return follow(visited(grid), x, step, before, callback)


def _multistep(
    model: Model, at: Levels, eta: float, lower_order_final: bool, noise: Noise
) -> Callable[[int, Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Return the step, which remembers the last expected clean latent and the last h."""
    last: tuple[Tensor, float] | None = None

    def step(i: int, x_t: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        nonlocal last
        h = at.lam(i + 1) - at.lam(i)
        x_0 = model(x_t, t).x0
        D = x_0
        if last is not None and not (lower_order_final and i + 1 == at.steps):
            x_0_last, h_last = last
            D = x_0 + (h / h_last) / 2 * (x_0 - x_0_last)  # algorithm 2, line 5, with r = h_last / h
        last = x_0, h
        decay = math.exp(-eta * h) if eta else 1.0
        kept = at.sigma[i + 1] / at.sigma[i] * decay
        x_next = kept * x_t - at.alpha[i + 1] * math.expm1(-(1 + eta) * h) * D
        fresh = at.sigma[i + 1] * math.sqrt(-math.expm1(-2 * eta * h)) if eta else 0.0
        return x_next + fresh * noise(x_t) if fresh > 0 else x_next, x_0

    return step
