"""DDIM on Gaussian data, where the exact denoiser and the exact path are known."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Parameterization, predicting
from core.samplers.ddim import ddim, ddim_tables
from core.samplers.step_record import StepRecord
from core.samplers.time_grid import ddim_timesteps

SCHEDULE = NoiseSchedule(linear_start=0.00085, linear_end=0.012)
MEAN, DEVIATION = 0.7, 0.4


def spread(alpha_bar: Tensor) -> Tensor:
    """Deviation of x_t for data N(MEAN, DEVIATION^2)."""
    return (alpha_bar * DEVIATION**2 + 1 - alpha_bar).sqrt()


def exact_eps(x: Tensor, t: Tensor) -> Tensor:
    """E[eps | x_t] for the same data."""
    a = SCHEDULE.alpha_bar[t].reshape(-1, 1, 1, 1)
    return (1 - a).sqrt() * (x - a.sqrt() * MEAN) / spread(a) ** 2


exact = predicting(Parameterization.EPS, SCHEDULE, exact_eps)


def path(z: Tensor, t: int) -> Tensor:
    """The probability flow's latent at step t: z standard deviations from the mean, always."""
    a = SCHEDULE.alpha_bar[t]
    return a.sqrt() * MEAN + spread(a) * z


def no_noise(like: Tensor) -> Tensor:
    raise AssertionError("a deterministic sampler draws no noise")


def end_error(steps: int) -> float:
    z = torch.tensor([-2.0, -0.5, 0.3, 1.7], dtype=torch.float64).reshape(1, 1, 2, 2)
    grid = ddim_timesteps(steps)
    end = ddim(exact, path(z, int(grid[-1])), SCHEDULE, grid, noise=no_noise)
    return float((end - path(z, 0)).abs().max())


def test_the_error_falls_with_the_number_of_steps() -> None:
    coarse, middle, fine = (end_error(steps) for steps in (10, 50, 250))
    # The method is of first order: five times the steps, about a fifth of the error.
    assert 3 < coarse / middle < 8
    assert 3 < middle / fine < 8
    assert fine < 0.02


@pytest.mark.parametrize("eta", [0.5, 1.0])
def test_noisy_sampling_draws_from_the_data(eta: float) -> None:
    stream, grid = torch.Generator().manual_seed(2), ddim_timesteps(200)
    start = torch.randn(1, 1, 100, 100, generator=stream, dtype=torch.float64)

    def noise(like: Tensor) -> Tensor:
        return torch.randn(like.shape, generator=stream, dtype=like.dtype)

    drawn = ddim(exact, start, SCHEDULE, grid, eta=eta, noise=noise)
    assert float(drawn.mean()) == pytest.approx(MEAN, abs=0.02)
    assert float(drawn.std()) == pytest.approx(DEVIATION, rel=0.05)


def test_eta_one_has_the_variance_of_ddpm() -> None:
    grid = torch.arange(1000)
    sigma = ddim_tables(SCHEDULE, grid, eta=1.0).sigma[1:]
    torch.testing.assert_close(sigma**2, SCHEDULE.posterior_variance[1:], rtol=2e-2, atol=1e-8)


def test_every_step_is_reported_in_order() -> None:
    records: list[StepRecord] = []
    grid = ddim_timesteps(4)
    end = ddim(
        exact, torch.ones(1, 1, 2, 2, dtype=torch.float64), SCHEDULE, grid, noise=no_noise, callback=records.append
    )
    assert [(record.index, record.total, record.t) for record in records] == [
        (0, 4, 751), (1, 4, 501), (2, 4, 251), (3, 4, 1),
    ]  # fmt: skip
    assert torch.equal(records[-1].x, end)
    # With the exact denoiser, the first guess at the data is E[x_0 | x_t].
    a = SCHEDULE.alpha_bar[751]
    gain = a.sqrt() * DEVIATION**2 / spread(a) ** 2
    wanted = MEAN + gain * (1 - a.sqrt() * MEAN)
    torch.testing.assert_close(records[0].pred_x0, wanted.expand(1, 1, 2, 2), atol=1e-5, rtol=0)
