"""How fast each sampler approaches the exact solution, where it is known: the slope of log(error) over log(steps).

    python -m benchmarks convergence

The order of a method of the probability flow is the slope of its end point's error; that of a method with fresh noise,
the slope of the error of the variance that its samples have. All in float64, so that nothing but the steps matters.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from benchmarks.gaussian_data import GaussianData, exact_moments
from core.diffusion.noise_schedule import NoiseSchedule
from core.samplers.ddim import ddim
from core.samplers.ddim_inversion import ddim_inversion
from core.samplers.ddpm import ddpm
from core.samplers.dpm_solver_pp import dpmpp_2m, dpmpp_2m_sde
from core.samplers.euler import euler, euler_ancestral
from core.samplers.heun import heun
from core.samplers.plms import plms
from core.samplers.time_grid import time_grid
from core.samplers.unipc import unipc

DATA = GaussianData(NoiseSchedule(linear_start=0.00085, linear_end=0.012))
STEPS = (40, 80, 160, 320)


@dataclass(frozen=True)
class Case:
    """A sampler on the spacing for which its order is stated.

    Attributes:
        sampler: The sampler.
        spacing: Of `time_grid`; smooth in the variable in which the method is written.
        order: The slope that theory gives.
    """

    sampler: Callable[..., Tensor]
    spacing: str
    order: float


FLOWS = {
    "ddim": Case(partial(ddim, noise=torch.zeros_like), "karras", 1),
    "ddim_inversion": Case(ddim_inversion, "karras", 1),
    "euler": Case(euler, "karras", 1),
    "heun": Case(heun, "karras", 2),
    "plms": Case(plms, "karras", 2),
    "dpmpp_2m": Case(dpmpp_2m, "exponential", 2),
    "unipc_2": Case(partial(unipc, order=2, lower_order_final=False), "exponential", 3),
    "unipc_3": Case(partial(unipc, order=3, lower_order_final=False), "exponential", 4),
}
NOISY = {
    "ddim_eta_1": Case(partial(ddim, eta=1.0), "karras", 1),
    "ddpm": Case(ddpm, "karras", 1),
    "euler_ancestral": Case(euler_ancestral, "karras", 1),
    "dpmpp_2m_sde": Case(dpmpp_2m_sde, "exponential", 2),
}


def measure() -> dict[str, dict[str, Any]]:
    """Measure every slope; a figure holds where it is within 0.2 of the stated order, or above."""
    figures = {}
    for cases, errors in ((FLOWS, flow_errors), (NOISY, variance_errors)):
        for name, case in cases.items():
            figures[f"{name}_slope"] = _figure(slope(errors(case)), case.order)
    return figures


def slope(errors: list[float]) -> float:
    """Return how fast errors at `STEPS` fall: minus the least-squares slope of log(error) over log(steps)."""
    x, y = torch.tensor(STEPS, dtype=torch.float64).log(), torch.tensor(errors, dtype=torch.float64).log()
    x, y = x - x.mean(), y - y.mean()
    return -float((x * y).sum() / (x * x).sum())


def flow_errors(case: Case) -> list[float]:
    """Return the largest distance from the exact end of the probability flow, for each number of `STEPS`."""
    z = torch.tensor([-2.0, -0.5, 0.3, 1.7], dtype=torch.float64).reshape(1, 1, 2, 2)
    errors = []
    for steps in STEPS:
        grid = time_grid(DATA.schedule, steps, case.spacing)
        first, last = float(grid[-1]), 0.0
        if case.sampler is ddim_inversion:
            first, last = last, first
        end = case.sampler(DATA.predict, DATA.on_flow(z, first), DATA.schedule, grid)
        errors.append(float((end - DATA.on_flow(z, last)).abs().max()))
    return errors


def variance_errors(case: Case) -> list[float]:
    """Return by how much the variance of the samples is off, for each number of `STEPS`."""
    start = torch.tensor(0)
    a, spread = float(DATA.schedule.alpha_bar_at(start)), float(DATA.spread(start))
    # DDPM's last step goes to E[x_0 | x_t], whose variance is smaller than that of x_0 by what is not known at step 0.
    right = a * DATA.deviation**4 / spread**2 if case.sampler is ddpm else spread**2
    errors = []
    for steps in STEPS:
        grid = time_grid(DATA.schedule, steps, case.spacing)

        def run(noise: Callable[[Tensor], Tensor], x: Tensor, grid: Tensor = grid) -> Tensor:
            return case.sampler(DATA.predict, x, DATA.schedule, grid, noise=noise)

        mean, deviation = float(DATA.on_flow(torch.zeros(()), float(grid[-1]))), float(DATA.spread(grid[-1]))
        errors.append(abs(exact_moments(run, deviation, mean, steps)[1] - right))
    return errors


def _figure(value: float, order: float) -> dict[str, Any]:
    holds = math.isfinite(value) and value >= order - 0.2
    return {"value": round(value, 3), "unit": "", "goal": order, "holds": holds, "n": len(STEPS), "peer": None}
