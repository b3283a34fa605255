"""Predictions of eps, x_0 and v are three ways to say the same."""

from __future__ import annotations

import pytest
import torch

from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Parameterization, min_snr_weight, target, to_eps, to_x0, vlb_weights

SCHEDULE = NoiseSchedule()
T = torch.tensor([5, 400, 900])


@pytest.mark.parametrize("kind", list(Parameterization))
def test_the_target_holds_both_the_noise_and_the_data(kind: Parameterization) -> None:
    x_0, eps = torch.randn(2, 3, 2, 4, 4, dtype=torch.float64)
    x_t, wanted = SCHEDULE.add_noise(x_0, eps, T), target(kind, SCHEDULE, x_0, eps, T)
    torch.testing.assert_close(to_x0(kind, SCHEDULE, wanted, x_t, T), x_0)
    torch.testing.assert_close(to_eps(kind, SCHEDULE, wanted, x_t, T), eps)


def test_velocity_is_noise_at_first_and_minus_the_data_at_last() -> None:
    x_0, eps = torch.randn(2, 2, 1, 4, 4)
    v = target(Parameterization.V, NoiseSchedule(schedule="cosine"), x_0, eps, torch.tensor([0, 999]))
    torch.testing.assert_close(v[0], eps[0], atol=0.05, rtol=0)
    torch.testing.assert_close(v[1], -x_0[1], atol=0.05, rtol=0)


def test_min_snr_weights_follow_their_closed_form() -> None:
    gamma, a = 5.0, SCHEDULE.alpha_bar[T]
    snr = a / (1 - a)
    capped = snr.clamp(max=gamma)
    found = {kind: min_snr_weight(kind, SCHEDULE, T, gamma).double() for kind in Parameterization}
    torch.testing.assert_close(found[Parameterization.X0], capped, rtol=1e-6, atol=0)
    torch.testing.assert_close(found[Parameterization.EPS], capped / snr, rtol=1e-6, atol=0)
    torch.testing.assert_close(found[Parameterization.V], capped / (snr + 1), rtol=1e-6, atol=0)


def test_without_a_cap_noise_counts_the_same_at_every_step() -> None:
    weights = min_snr_weight(Parameterization.EPS, SCHEDULE, T, gamma=float("inf"))
    torch.testing.assert_close(weights, torch.ones(3))


@pytest.mark.parametrize("kind", list(Parameterization))
def test_bound_weights_are_finite_and_positive(kind: Parameterization) -> None:
    weights = vlb_weights(kind, SCHEDULE)
    assert weights.shape == (1000,)
    assert bool((weights.isfinite() & (weights > 0)).all())
    assert weights[0] == weights[1]
