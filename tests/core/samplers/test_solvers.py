"""What the samplers have in common where their formulas meet, and what is particular to each."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import Tensor

from benchmarks.gaussian_data import GaussianData, exact_moments
from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Prediction
from core.samplers.ddim import ddim
from core.samplers.ddim_inversion import ddim_inversion
from core.samplers.ddpm import ddpm
from core.samplers.dpm_solver_pp import dpmpp_2m, dpmpp_2m_sde
from core.samplers.euler import euler, euler_ancestral, split_noise
from core.samplers.heun import heun
from core.samplers.lcm import SIGMA_DATA, TIME_SCALE, lcm
from core.samplers.plms import WEIGHTS, plms
from core.samplers.stepping import levels
from core.samplers.time_grid import time_grid
from core.samplers.unipc import unipc

no_noise = torch.zeros_like


class Counted:
    """The perfect model, counting its calls."""

    def __init__(self, data: GaussianData) -> None:
        self.data, self.calls = data, 0

    def __call__(self, x_t: Tensor, t: Tensor) -> Prediction:
        self.calls += 1
        return self.data.predict(x_t, t)


@pytest.mark.parametrize(("sampler", "calls"), [(euler, 6), (heun, 12), (dpmpp_2m, 6), (unipc, 6), (plms, 7)])
def test_each_asks_the_model_as_often_as_it_says(sampler: object, calls: int, data: GaussianData, z: Tensor) -> None:
    model = Counted(data)
    assert callable(sampler)
    sampler(model, z, data.schedule, time_grid(data.schedule, 6, "leading"))
    assert model.calls == calls


def test_without_fresh_noise_they_are_the_same_method(data: GaussianData, z: Tensor) -> None:
    grid = time_grid(data.schedule, 12, "leading")
    wanted = euler(data.predict, z, data.schedule, grid)
    same = partial(torch.testing.assert_close, atol=1e-6, rtol=0)  # DDIM's tables are of float32
    same(ddim(data.predict, z, data.schedule, grid, noise=no_noise), wanted)
    same(euler_ancestral(data.predict, z, data.schedule, grid, eta=0.0, noise=no_noise), wanted)
    second = dpmpp_2m(data.predict, z, data.schedule, grid)
    torch.testing.assert_close(dpmpp_2m_sde(data.predict, z, data.schedule, grid, eta=0.0, noise=no_noise), second)


def test_a_single_step_is_ddims_for_every_multistep_method(data: GaussianData, z: Tensor) -> None:
    grid = torch.tensor([800])
    wanted = euler(data.predict, z, data.schedule, grid)
    for sampler in (dpmpp_2m, unipc):
        torch.testing.assert_close(sampler(data.predict, z, data.schedule, grid), wanted)


def test_ddpm_draws_from_the_posterior_of_each_step() -> None:
    schedule = NoiseSchedule(timesteps=20, linear_end=0.2, v_posterior=0.3)
    x_0, start = torch.tensor(0.4).double(), torch.randn(1, 1, 2, 2, dtype=torch.float64)
    x = start
    for t in range(19, -1, -1):
        q = schedule.posterior(x_0.expand_as(x), x, torch.tensor([t]))
        x = q.mean + (q.variance.sqrt() * 1.5 if t else 0.0)
    drawn = ddpm(
        lambda x_t, t: Prediction(x_0.expand_as(x_t), x_t), start, schedule, torch.arange(20),
        noise=lambda like: torch.full_like(like, 1.5),
    )  # fmt: skip
    torch.testing.assert_close(drawn, x)


def test_ddpm_keeps_the_clean_image_in_range_if_told_to() -> None:
    model, x = (lambda x_t, t: Prediction(x_t * 0 + 7, x_t)), torch.zeros(1, 1, 2, 2)
    ends = [ddpm(model, x, NoiseSchedule(), torch.tensor([1]), noise=no_noise, clip=clip) for clip in (True, False)]
    assert [float(end.max()) for end in ends] == pytest.approx([1, 7], rel=1e-4)


def test_plms_extrapolates_polynomials_exactly() -> None:
    # Adams-Bashforth of k points integrates polynomials of degree k - 1 over the next step.
    for count, weights in WEIGHTS.items():
        for degree in range(count):
            integral = 1 / (degree + 1)
            assert sum(w * (-i) ** degree for i, w in enumerate(weights)) == pytest.approx(integral)


def test_fresh_and_old_noise_add_up() -> None:
    for ratio in (5.0, float("inf")):
        for eta in (0.0, 0.5, 1.0):
            down, up = split_noise(ratio, 2.0, eta)
            assert down**2 + up**2 == pytest.approx(4)
    assert split_noise(5.0, 2.0, 0.0) == (2.0, 0.0)
    assert split_noise(float("inf"), 2.0, 1.0) == (0.0, 2.0)


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_lcm_with_an_exact_consistency_function_draws_from_the_data(steps: int, data: GaussianData) -> None:
    def consistent(x_t: Tensor, t: Tensor) -> Prediction:
        """The end of the probability flow through x_t, less what the skip adds."""
        a = data.schedule.alpha_bar_at(t).reshape(-1, 1, 1, 1)
        flow = data.mean + data.deviation * (x_t - a.sqrt() * data.mean) / data.spread(t).reshape(-1, 1, 1, 1)
        scaled = (TIME_SCALE * t.double()).reshape(-1, 1, 1, 1)
        c_skip = SIGMA_DATA**2 / (scaled**2 + SIGMA_DATA**2)
        return Prediction((flow - c_skip * x_t) / (scaled / (scaled**2 + SIGMA_DATA**2).sqrt()), x_t)

    grid = time_grid(data.schedule, steps, "trailing")
    t = float(grid[-1])
    mean, variance = exact_moments(
        lambda noise, x: lcm(consistent, x, data.schedule, grid, noise=noise),
        float(data.spread(torch.tensor(t))), float(data.on_flow(torch.zeros(()), t)), steps,
    )  # fmt: skip
    assert (mean, variance) == pytest.approx((data.mean, data.deviation**2))


def test_inversion_finds_the_noise_that_ddim_made_the_latent_from(data: GaussianData, z: Tensor) -> None:
    grid = time_grid(data.schedule, 500)
    latent = data.on_flow(z, 0)
    noise = ddim_inversion(data.predict, latent, data.schedule, grid)
    torch.testing.assert_close(noise, data.on_flow(z, int(grid[-1])), atol=0.03, rtol=0)
    back = ddim(data.predict, noise, data.schedule, grid, noise=no_noise)
    torch.testing.assert_close(back, latent, atol=0.02, rtol=0)


def test_unipc_refuses_an_order_that_it_does_not_have(data: GaussianData, z: Tensor) -> None:
    with pytest.raises(ValueError, match="got 4"):
        unipc(data.predict, z, data.schedule, torch.tensor([1, 2]), order=4)


@pytest.mark.parametrize("grid", [[5, 5], [7, 3], [0], [1000]])
def test_levels_need_increasing_steps_of_the_schedule(grid: list[int]) -> None:
    with pytest.raises(ValueError, match="grid must increase"):
        levels(NoiseSchedule(), torch.tensor(grid))


def test_levels_fall_from_the_grid_to_the_schedules_first_step() -> None:
    schedule = NoiseSchedule()
    at = levels(schedule, torch.tensor([0, 100, 900]))
    assert (at.t, at.steps) == ((900, 100, 0), 2)
    assert at.alpha[-1] ** 2 == pytest.approx(float(schedule.alpha_bar[0]))
    assert at.ratio(0) > at.ratio(1) > at.ratio(2)
    assert at.lam(1) == pytest.approx(-torch.tensor(at.ratio(1)).log().item())
