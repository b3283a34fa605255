"""DDIM sampling: a few large steps of the reverse process, deterministic for eta = 0.

Song et al., "Denoising Diffusion Implicit Models" (arXiv 2010.02502), equations 12 and 16. As in the reference
implementation, the last step goes to alpha_bar[0], not to 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from core.diffusion.guidance import EpsModel
from core.diffusion.noise_schedule import NoiseSchedule
from core.samplers.known_region import BeforeStep
from core.samplers.step_record import StepCallback, StepRecord


@dataclass(frozen=True)
class DDIMTables:
    """Coefficients of each visited step, in increasing t, float64, [S] each.

    Attributes:
        alpha_bar: Signal at the step.
        alpha_bar_prev: Signal after it.
        sigma: Standard deviation of the fresh noise, equation 16.
    """

    alpha_bar: Tensor
    alpha_bar_prev: Tensor
    sigma: Tensor


def ddim_tables(schedule: NoiseSchedule, grid: Tensor, eta: float) -> DDIMTables:
    """Compute the tables for the steps `grid` [S] and eta in [0, 1]; eta = 1 is DDPM's noise."""
    # The published tables are built from float32 products.
    alpha_bar = schedule.alpha_bar.float()
    a = alpha_bar[grid].double()
    a_prev = torch.cat([alpha_bar[:1], alpha_bar[grid[:-1]]]).double()
    sigma = eta * ((1 - a_prev) / (1 - a) * (1 - a / a_prev)).sqrt()
    return DDIMTables(a, a_prev, sigma)


def ddim(
    model: EpsModel,
    x: Tensor,
    schedule: NoiseSchedule,
    grid: Tensor,
    *,
    eta: float = 0.0,
    noise: Callable[[Tensor], Tensor],
    before: BeforeStep | None = None,
    callback: StepCallback | None = None,
) -> Tensor:
    """Run the reverse process from the last step of `grid` to the first.

    Args:
        model: Predicts noise from x_t [b, c, h, w] and t [b].
        x: Latent at the noise level of grid[-1], [b, c, h, w].
        schedule: The forward process the model was trained with.
        grid: Increasing steps t, [S], from `ddim_timesteps`; its first S' < S for image-to-image.
        eta: 0 deterministic, 1 as noisy as DDPM.
        noise: Draws fresh noise shaped like its argument; used only if eta > 0.
        before: Changes x_t before each step, as `known_region` does to keep a part of a picture.
        callback: Called after each step.

    Returns:
        The final latent, [b, c, h, w].
    """
    tables, total = ddim_tables(schedule, grid, eta), len(grid)
    for index, i in enumerate(range(total - 1, -1, -1)):
        t = int(grid[i])
        a, a_prev, sigma = (float(table[i]) for table in (tables.alpha_bar, tables.alpha_bar_prev, tables.sigma))
        if before is not None:
            x = before(x, t)
        eps = model(x, torch.full((len(x),), t, device=x.device))
        pred_x0 = (x - (1 - a) ** 0.5 * eps) / a**0.5
        direction = (1 - a_prev - sigma**2) ** 0.5 * eps
        x = a_prev**0.5 * pred_x0 + direction
        if sigma > 0:
            x = x + sigma * noise(x)
        if callback is not None:
            callback(StepRecord(index, total, t, x, pred_x0))
    return x
