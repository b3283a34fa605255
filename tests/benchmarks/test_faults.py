"""Killed runs: a short form of `python -m benchmarks faults`."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.faults import kill_runs


@pytest.mark.slow
def test_killed_runs_resume_from_whole_checkpoints_and_end_as_undisturbed_ones(tmp_path: Path) -> None:
    found = kill_runs(tmp_path, kills=5, seed=1)
    assert found.kills == 5
    assert (found.torn, found.differing) == (0, 0)
    assert found.finished >= 1
