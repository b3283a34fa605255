"""DDIM sampling: a few large steps of the reverse process, deterministic for eta = 0.

Song et al., "Denoising Diffusion Implicit Models" (arXiv 2010.02502), equations 12 and 16. As in the reference
implementation, the last step goes to alpha_bar[0], not to 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Model
from core.samplers.known_region import BeforeStep
from core.samplers.step_record import StepCallback
from core.samplers.stepping import Noise, follow


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
    a = schedule.alpha_bar_at(grid) if grid.is_floating_point() else schedule.alpha_bar.float()[grid].double()
    a_prev = torch.cat([schedule.alpha_bar[:1].float().double(), a[:-1]])
    sigma = eta * ((1 - a_prev) / (1 - a) * (1 - a / a_prev)).clamp(min=0).sqrt()
    return DDIMTables(a, a_prev, sigma)


def ddim(
    model: Model,
    x: Tensor,
    schedule: NoiseSchedule,
    grid: Tensor,
    *,
    eta: float = 0.0,
    noise: Noise,
    before: BeforeStep | None = None,
    callback: StepCallback | None = None,
) -> Tensor:
    """Run the reverse process from the last step of `grid` to the first.

    Args:
        model: Predicts x_0 and eps from x_t [b, c, h, w] and t [b].
        x: Latent at the noise level of grid[-1], [b, c, h, w].
        schedule: The forward process the model was trained with.
        grid: Increasing steps t, [S], from `time_grid`; its first S' < S for image-to-image.
        eta: 0 deterministic, 1 as noisy as DDPM.
        noise: Draws fresh noise shaped like its argument; used only if eta > 0.
        before: Changes x_t before each step, as `known_region` does to keep a part of a picture.
        callback: Called after each step.

    Returns:
        The final latent, [b, c, h, w].
    """
    tables = ddim_tables(schedule, grid, eta)

    def step(index: int, x_t: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        a_prev, sigma = (float(table[len(grid) - 1 - index]) for table in (tables.alpha_bar_prev, tables.sigma))
        p = model(x_t, t)
        x_next = a_prev**0.5 * p.x0 + max(1 - a_prev - sigma**2, 0.0) ** 0.5 * p.eps
        return x_next + sigma * noise(x_next) if sigma > 0 else x_next, p.x0

    return follow(grid, x, step, before, callback)
