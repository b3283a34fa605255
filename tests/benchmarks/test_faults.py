"""Killed runs, and what is compared of them: a short form of `python -m benchmarks faults`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from benchmarks.faults import kill_runs
from benchmarks.run_outcome import differences, outcome


def test_all_but_times_is_compared(tmp_path: Path) -> None:
    runs = [tmp_path / name for name in ("one", "other")]
    for run in runs:
        (run / "samples").mkdir(parents=True)
        (run / "samples" / "ema.png").write_bytes(b"picture")
        (run / "metrics.jsonl").write_text(
            '{"phase": "decoder", "step": 1, "samples_per_second": 3, "loss": 0.5}\n'
            '{"phase": "decoder", "step": 1, "eval/loss": 0.25}\n'
        )
    one, other = runs
    (other / "status.json").write_text("{}")
    lines = (other / "metrics.jsonl").read_text()
    (other / "metrics.jsonl").write_text(lines.replace('second": 3', 'second": 4'))
    assert differences(outcome(one), outcome(other)) == []
    (other / "metrics.jsonl").write_text(lines + lines.replace("0.25", "0.26"))
    (other / "samples" / "ema.png").write_bytes(b"another")
    (one / "samples" / "raw.png").write_bytes(b"picture")
    assert differences(outcome(one), outcome(other)) == [
        "metrics of decoder, step 1: phase, step, eval/loss", "samples/ema.png", "samples/raw.png",
    ]  # fmt: skip


def test_tensors_are_compared_by_value_and_type() -> None:
    ones = torch.ones(3)
    assert differences({"w": ones}, {"w": ones.clone()}) == []
    assert differences({"w": ones}, {"w": ones.double()}) == ["w"]
    assert differences({"w": ones}, {"w": ones + 1e-7}) == ["w"]
    assert differences({"w": ones}, {"w": b"ones"}) == ["w"]


@pytest.mark.slow
def test_killed_runs_resume_from_whole_checkpoints_and_end_as_undisturbed_ones(tmp_path: Path) -> None:
    found = kill_runs(tmp_path, kills=5, seed=1)
    assert found.kills == 5
    assert (found.torn, found.differing) == (0, 0), found.differences
    assert found.finished >= 1


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="torch has no gloo ranks that share out there")
def test_runs_on_two_ranks_of_which_some_are_killed_end_as_undisturbed_ones(tmp_path: Path) -> None:
    found = kill_runs(tmp_path, kills=2, seed=0, ranks=2)
    assert found.kills == 2
    assert (found.torn, found.differing, found.left) == (0, 0, 0), found.differences
