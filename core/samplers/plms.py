"""PLMS: DDIM's step with the noise extrapolated from the last four predictions.

Liu et al., "Pseudo Numerical Methods for Diffusion Models on Manifolds" (arXiv 2202.09778), section 3, with lower
orders in the first steps. As in the reference implementation, the first step asks the model
twice, where the paper's Runge-Kutta start asks twelve times.
"""

from __future__ import annotations

from collections import deque

from torch import Tensor

from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Model
from core.errors import InputError
from core.samplers.ddim import ddim_tables
from core.samplers.known_region import BeforeStep
from core.samplers.step_record import StepCallback
from core.samplers.stepping import follow, times

# Adams-Bashforth weights of the newest prediction and those before it, by how many there are.
WEIGHTS = {2: (3 / 2, -1 / 2), 3: (23 / 12, -16 / 12, 5 / 12), 4: (55 / 24, -59 / 24, 37 / 24, -9 / 24)}


def plms(
    model: Model,
    x: Tensor,
    schedule: NoiseSchedule,
    grid: Tensor,
    *,
    before: BeforeStep | None = None,
    callback: StepCallback | None = None,
) -> Tensor:
    """Solve the probability flow from the last step of `grid` to step 0; S + 1 calls of the model.

    Args:
        model: Predicts x_0 and eps from x_t [b, c, h, w] and t [b].
        x: Latent at the noise level of grid[-1], [b, c, h, w].
        schedule: The forward process the model was trained with; needs some signal at every step.
        grid: Increasing steps t, [S]; evenly spaced ones are of second order.
        before: Changes x_t before each step, as `known_region` does to keep a part of a picture.
        callback: Called after each step.

    Returns:
        The final latent, [b, c, h, w].

    Raises:
        InputError: The grid starts where there is noise alone.
    """
    tables = ddim_tables(schedule, grid, eta=0.0)
    if float(tables.alpha_bar[-1]) <= 0:
        raise InputError(
            "The sampler plms cannot start from noise alone.",
            why="It mixes predictions of noise, and at this model's last step the noise is all there is.",
            fix='Use the sampler "ddim", or a spacing that starts lower, such as "leading".', port="sampler",
        )  # fmt: skip
    falling = grid.flip(0).tolist()
    newest_first: deque[Tensor] = deque(maxlen=4)

    def move(index: int, x_t: Tensor, eps: Tensor) -> tuple[Tensor, Tensor]:
        """The transfer: DDIM's step, with any prediction of the noise."""
        a, a_prev = (float(table[len(grid) - 1 - index]) for table in (tables.alpha_bar, tables.alpha_bar_prev))
        x_0 = (x_t - (1 - a) ** 0.5 * eps) / a**0.5
        return a_prev**0.5 * x_0 + (1 - a_prev) ** 0.5 * eps, x_0

    def step(index: int, x_t: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        eps = model(x_t, t).eps
        newest_first.appendleft(eps)
        if len(newest_first) == 1:
            guess, _ = move(index, x_t, eps)
            t_next = falling[min(index + 1, len(falling) - 1)]
            return move(index, x_t, (eps + model(guess, times(t_next, x_t)).eps) / 2)
        weights = WEIGHTS[len(newest_first)]
        mixed = sum((w * e for w, e in zip(weights[1:], list(newest_first)[1:], strict=True)), weights[0] * eps)
        return move(index, x_t, mixed)

    return follow(grid, x, step, before, callback)
