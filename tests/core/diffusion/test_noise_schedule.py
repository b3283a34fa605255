"""The forward process: end points and identities that hold for every schedule."""

from __future__ import annotations

import pytest
import torch

from core.diffusion.noise_schedule import SCHEDULES, NoiseSchedule, make_betas


@pytest.mark.parametrize("name", SCHEDULES)
def test_signal_only_falls(name: str) -> None:
    alpha_bar = NoiseSchedule(schedule=name).alpha_bar
    assert alpha_bar.dtype == torch.float64
    assert 0 < alpha_bar[-1] < alpha_bar[0] < 1
    assert bool((alpha_bar.diff() < 0).all())


def test_linear_starts_and_ends_where_it_is_told() -> None:
    betas = make_betas("linear", 1000, 0.00085, 0.012)
    assert betas[[0, -1]].tolist() == pytest.approx([0.00085, 0.012], rel=1e-12)


def test_cosine_follows_its_closed_form() -> None:
    alpha_bar, steps = NoiseSchedule(schedule="cosine").alpha_bar, torch.tensor([1, 250, 500], dtype=torch.float64)
    curve = torch.cos((steps / 1000 + 0.008) / 1.008 * torch.pi / 2) ** 2
    start = torch.cos(torch.tensor(0.008 / 1.008 * torch.pi / 2, dtype=torch.float64)) ** 2
    torch.testing.assert_close(alpha_bar[steps.long() - 1], curve / start, rtol=1e-10, atol=0)


def test_noised_data_keeps_unit_variance() -> None:
    stream, t = torch.Generator().manual_seed(1), torch.tensor([0, 400, 999])
    x_0, noise = torch.randn(2, 3, 1, 150, 150, generator=stream)
    variances = NoiseSchedule().add_noise(x_0, noise, t).var(dim=(1, 2, 3))
    torch.testing.assert_close(variances, torch.ones(3), atol=0.03, rtol=0)


def test_the_posterior_leads_back_to_the_marginal_one_step_earlier() -> None:
    schedule, t = NoiseSchedule(), torch.tensor([1, 300, 999])
    x_0 = torch.randn(3, 1, 2, 2, dtype=torch.float64)
    here, earlier = schedule.marginal(x_0, t), schedule.marginal(x_0, t - 1)
    # x_{t-1} = c1 x_0 + c2 x_t + noise: its mean and variance follow from those of x_t.
    posterior = schedule.posterior(x_0, here.mean, t)
    torch.testing.assert_close(posterior.mean, earlier.mean)
    c2 = schedule.posterior_mean_coef2[t].reshape(-1, 1, 1, 1)
    torch.testing.assert_close(posterior.variance + c2**2 * here.variance, earlier.variance)


def test_the_posterior_variance_may_be_mixed_with_beta() -> None:
    exact, mixed, beta = (NoiseSchedule(v_posterior=share).posterior_variance for share in (0.0, 0.25, 1.0))
    torch.testing.assert_close(mixed, 0.75 * exact + 0.25 * beta)
    torch.testing.assert_close(beta, NoiseSchedule().betas)


def test_the_first_posterior_has_a_finite_log_variance() -> None:
    assert NoiseSchedule().posterior_variance[0] == 0
    assert bool(NoiseSchedule().posterior_log_variance.isfinite().all())


def test_hardly_a_bit_is_left_of_the_data_at_the_last_step() -> None:
    bits = NoiseSchedule().prior_bits(torch.randn(4, 3, 8, 8))
    assert bits.shape == (4,)
    assert float(bits.min()) > 0
    assert float(bits.max()) < 1e-3


@pytest.mark.parametrize(("settings", "match"), [({"schedule": "steep"}, "steep"), ({"timesteps": 0}, "got 0")])
def test_an_impossible_schedule_is_refused(settings: dict[str, object], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        NoiseSchedule(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "other"), [("scaled_linear", "linear"), ("squared_cosine", "cosine"), ("squaredcos_cap_v2", "cosine")]
)
def test_a_schedule_has_the_names_that_others_give_it(name: str, other: str) -> None:
    assert torch.equal(NoiseSchedule(schedule=name).betas, NoiseSchedule(schedule=other).betas)


def test_zero_terminal_snr_leaves_no_signal_and_keeps_the_first_step() -> None:
    plain = NoiseSchedule(linear_start=0.00085, linear_end=0.012)
    zero = NoiseSchedule(linear_start=0.00085, linear_end=0.012, zero_terminal_snr=True)
    assert float(zero.alpha_bar[-1]) == 0
    assert float(zero.betas[-1]) == 1
    torch.testing.assert_close(zero.alpha_bar[0], plain.alpha_bar[0])
    assert bool((zero.alpha_bar.diff() < 0).all())
    # sqrt(alpha_bar) is shifted and scaled, so that its differences keep their proportions.
    ratio = zero.alpha_bar.sqrt().diff() / plain.alpha_bar.sqrt().diff()
    torch.testing.assert_close(ratio, ratio[0].expand_as(ratio))


@pytest.mark.parametrize("zero", [False, True])
def test_between_two_steps_the_signal_falls_smoothly(zero: bool) -> None:
    schedule = NoiseSchedule(zero_terminal_snr=zero)
    t = torch.tensor([0.0, 0.5, 10.0, 10.25, 998.5, 999.0], dtype=torch.float64)
    a = schedule.alpha_bar_at(t)
    assert bool((a.diff() <= 0).all())
    assert torch.equal(a[[0, 2, 5]], schedule.alpha_bar[[0, 10, 999]])
    torch.testing.assert_close(a[1], (schedule.alpha_bar[0] * schedule.alpha_bar[1]).sqrt())


def test_a_step_is_found_by_its_signal() -> None:
    schedule, t = NoiseSchedule(), torch.tensor([0.0, 0.3, 17.0, 500.9, 999.0], dtype=torch.float64)
    torch.testing.assert_close(schedule.step_of(schedule.alpha_bar_at(t)), t, atol=1e-9, rtol=0)


def test_noise_is_added_between_steps_too() -> None:
    schedule, x_0, noise = NoiseSchedule(), torch.ones(2, 1, 2, 2), torch.zeros(2, 1, 2, 2)
    x_t = schedule.add_noise(x_0, noise, torch.tensor([100.0, 100.5]))
    torch.testing.assert_close(x_t[0], schedule.add_noise(x_0, noise, torch.tensor([100, 100]))[0])
    assert float(schedule.alpha_bar[101].sqrt()) < float(x_t[1].max()) < float(x_t[0].max())
