"""Every sampler approaches the exact solution at its order."""

from __future__ import annotations

import pytest

from benchmarks.convergence import FLOWS, NOISY, Case, flow_errors, slope, variance_errors


@pytest.mark.parametrize("case", FLOWS.values(), ids=FLOWS.keys())
def test_the_end_of_the_probability_flow_is_reached_at_the_order_of_the_method(case: Case) -> None:
    errors = flow_errors(case)
    assert slope(errors) == pytest.approx(case.order, abs=0.2)
    assert errors[-1] < 0.02


@pytest.mark.parametrize("case", NOISY.values(), ids=NOISY.keys())
def test_noisy_samples_reach_the_variance_of_the_data_at_the_order_of_the_method(case: Case) -> None:
    errors = variance_errors(case)
    assert slope(errors) == pytest.approx(case.order, abs=0.2)
    assert errors[-1] < 0.005


def test_a_slope_is_that_of_the_errors() -> None:
    assert slope([1.0, 1 / 8, 1 / 64, 1 / 512]) == pytest.approx(3)
