"""The comparison with diffusers: how it measures, without diffusers itself."""

from __future__ import annotations

import sys
import time

import pytest
import torch
from torch import Tensor

from benchmarks import speed


def waiting(seconds: float) -> speed.Call:
    def call() -> Tensor:
        time.sleep(seconds)
        return torch.zeros(2)

    return call


def test_half_the_time_is_a_ratio_of_one_half() -> None:
    figures = speed.compared("case", waiting(0.02), waiting(0.04), 3)
    ratio = figures["case: time, share of diffusers'"]
    assert ratio["value"] == pytest.approx(0.5, abs=0.2)
    assert ratio["n"] == 3
    assert ratio["holds"] is True
    assert figures["case: time"]["peer"] >= 0.04
    assert all(set(figure) == {"value", "unit", "goal", "holds", "n", "peer"} for figure in figures.values())


def test_networks_that_disagree_are_not_timed() -> None:
    with pytest.raises(RuntimeError, match="differ by 1"):
        speed.compared("case", lambda: torch.zeros(2), lambda: torch.ones(2), 1)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the largest size of a process")
def test_memory_is_what_a_call_holds_at_its_largest() -> None:
    grown = speed.megabytes(lambda: torch.ones(10 * 2**20).sum())
    assert grown == pytest.approx(40, abs=4)
