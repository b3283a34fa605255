"""Agreement with the schedulers of diffusers on the same steps, for samplers that the reference does not have."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Parameterization, predicting
from core.samplers.dpm_solver_pp import dpmpp_2m, dpmpp_2m_sde
from core.samplers.euler import euler
from core.samplers.step_record import StepRecord
from core.samplers.unipc import unipc

# Importing diffusers takes seconds, and it uses its dependencies in ways that they deprecate.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

SCHEDULE = NoiseSchedule(linear_start=0.00085, linear_end=0.012)
SAME = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}
W = torch.randn(4, 4, generator=torch.Generator().manual_seed(1))
X = torch.randn(2, 4, 5, 6, generator=torch.Generator().manual_seed(2))
NOISE = torch.randn(30, 2, 4, 5, 6, generator=torch.Generator().manual_seed(3))


def eps(x: Tensor, t: Tensor) -> Tensor:
    return x * t.to(x).reshape(-1, 1, 1, 1) / 1000 + 0.1 * torch.tanh(torch.einsum("oc,bchw->bohw", W, x))


MODEL = predicting(Parameterization.EPS, SCHEDULE, eps)


def peer(name: str, **options: Any) -> Any:
    diffusers = pytest.importorskip("diffusers")
    return getattr(diffusers, name)(**SAME, timestep_spacing="leading", **options)


def sampled(scheduler: Any, steps: int, *, noisy: bool = False) -> tuple[Tensor, Tensor]:
    """The peer's result, and the steps that it took, increasing."""
    scheduler.set_timesteps(steps)
    x, draws = X.clone(), iter(NOISE)
    for t in scheduler.timesteps:
        extra = {"variance_noise": next(draws)} if noisy else {}
        x = scheduler.step(eps(x, t.expand(len(x))), t, x, **extra).prev_sample
    return x, scheduler.timesteps.flip(0).long()


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("steps", [5, 20])
def test_unipc(order: int, steps: int) -> None:
    wanted, grid = sampled(peer("UniPCMultistepScheduler", solver_order=order, final_sigmas_type="sigma_min"), steps)
    torch.testing.assert_close(unipc(MODEL, X, SCHEDULE, grid, order=order), wanted, atol=5e-5, rtol=0)


@pytest.mark.parametrize("steps", [5, 20])
def test_dpm_solver_2m(steps: int) -> None:
    wanted, grid = sampled(peer("DPMSolverMultistepScheduler", final_sigmas_type="sigma_min"), steps)
    torch.testing.assert_close(dpmpp_2m(MODEL, X, SCHEDULE, grid), wanted, atol=5e-5, rtol=0)


def test_dpm_solver_2m_sde() -> None:
    scheduler = peer("DPMSolverMultistepScheduler", algorithm_type="sde-dpmsolver++", final_sigmas_type="sigma_min")
    wanted, grid = sampled(scheduler, 10, noisy=True)
    draws = iter(NOISE)
    made = dpmpp_2m_sde(MODEL, X, SCHEDULE, grid, noise=lambda like: next(draws))
    torch.testing.assert_close(made, wanted, atol=5e-5, rtol=0)


def test_euler() -> None:
    scheduler, records = peer("EulerDiscreteScheduler"), list[StepRecord]()
    scheduler.set_timesteps(10)
    grid = scheduler.timesteps.flip(0).long()
    ratio = 1.0 / SCHEDULE.alpha_bar.sqrt()
    x = X * float(ratio[grid[-1]])  # its latents are divided by the signal
    for t in scheduler.timesteps[:-1]:  # its last step ends at another level
        x = scheduler.step(eps(scheduler.scale_model_input(x, t), t.expand(len(x))), t, x).prev_sample
    euler(MODEL, X, SCHEDULE, grid, callback=records.append)
    torch.testing.assert_close(records[-2].x, x / float(ratio[grid[0]]), atol=5e-5, rtol=0)
