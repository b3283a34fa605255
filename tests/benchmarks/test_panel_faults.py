"""The training page and its runs killed: a short form of `python -m benchmarks panel_faults`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.guard import guarded
from benchmarks.panel_faults import kill_rounds


@pytest.mark.skipif(sys.platform != "linux", reason="processes are counted in /proc")
def test_the_page_shows_the_truth_after_kills_and_nothing_is_left(tmp_path: Path) -> None:
    with guarded(tmp_path / "runs"):
        found = kill_rounds(tmp_path / "runs", rounds=3, seed=1, within_s=10)  # busy machines are slow
    assert (found.rounds, found.differing, found.unknown, found.left) == (3, [], [], 0)
    assert found.kills
