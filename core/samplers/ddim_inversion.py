"""DDIM inversion: from a clean latent to the noise that DDIM would have made it from.

Song et al. (arXiv 2010.02502), section 4.3: equation 14, the probability flow, towards the noise by Euler's method.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Model
from core.samplers.ddim import ddim_tables
from core.samplers.step_record import StepCallback, StepRecord
from core.samplers.stepping import times


def ddim_inversion(
    model: Model,
    x: Tensor,
    schedule: NoiseSchedule,
    grid: Tensor,
    *,
    told: Tensor | None = None,
    callback: StepCallback | None = None,
) -> Tensor:
    """Run the probability flow from the data to the last step of `grid`; `ddim` with eta = 0 runs it back.

    Args:
        model: Predicts x_0 and eps from x_t [b, c, h, w] and t [b].
        x: Clean latent, taken as one at step 0, [b, c, h, w].
        schedule: The forward process the model was trained with.
        grid: Increasing steps t, [S].
        told: The steps that the model is told, [S]; None = the true ones, 0 and then the grid's but its last.
        callback: Called after each step.

    Returns:
        The latent at grid[-1], [b, c, h, w].
    """
    tables = ddim_tables(schedule, grid, eta=0.0)
    told = torch.cat([torch.zeros_like(grid[:1]), grid[:-1]]) if told is None else told
    for index, t in enumerate(told.tolist()):
        a, a_next = float(tables.alpha_bar_prev[index]), float(tables.alpha_bar[index])
        p = model(x, times(t, x))
        # Equation 14 in x / sqrt(alpha_bar), whose slope over sqrt(1 / alpha_bar - 1) is eps.
        longer = (1 - a_next) ** 0.5 - (a_next / a * (1 - a)) ** 0.5
        x = (a_next / a) ** 0.5 * x + longer * p.eps
        if callback is not None:
            callback(StepRecord(index, len(grid), t, x, p.x0))
    return x
