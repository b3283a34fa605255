"""The comparison with diffusers: how it measures, without diffusers itself."""

from __future__ import annotations

import sys

import pytest
import torch
from torch import Tensor

from benchmarks import speed


class Clock:
    """A clock that only calls move, so that what is measured does not depend on how busy the machine is."""

    def __init__(self) -> None:
        self.now = 0.0

    def call(self, seconds: float) -> speed.Call:
        def taking() -> Tensor:
            self.now += seconds
            return torch.zeros(2)

        return taking


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The benchmark's clock."""
    made = Clock()
    monkeypatch.setattr("benchmarks.speed.time.perf_counter", lambda: made.now)
    return made


def test_half_the_time_is_a_ratio_of_one_half(clock: Clock) -> None:
    figures = speed.compared("case", clock.call(0.02), clock.call(0.04), 3)
    ratio = figures["case: time, share of diffusers'"]
    assert ratio["value"] == pytest.approx(0.5)
    assert ratio["n"] == 3
    assert ratio["holds"] is True
    assert figures["case: time"]["peer"] == pytest.approx(0.04)
    assert all(set(figure) == {"value", "unit", "goal", "holds", "n", "peer"} for figure in figures.values())


def test_calls_for_which_nothing_grows_have_no_share_of_memory(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "megabytes", lambda call: 0.0)
    figures = speed.compared("case", clock.call(0.02), clock.call(0.04), 3)
    assert not any("memory, share" in name for name in figures)


def test_networks_that_disagree_are_not_timed() -> None:
    with pytest.raises(RuntimeError, match="differ by 1"):
        speed.compared("case", lambda: torch.zeros(2), lambda: torch.ones(2), 1)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the largest size of a process")
def test_memory_is_what_a_call_holds_at_its_largest() -> None:
    grown = speed.megabytes(lambda: torch.ones(10 * 2**20).sum())
    assert grown == pytest.approx(40, abs=4)
