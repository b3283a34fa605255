"""A run's state is what its folder says, checked against real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.errors import InputError
from training.run_folder import RunFolder
from training.watching import commands
from training.watching.processes import is_running, started_at
from training.watching.run_details import read_details
from training.watching.run_state import is_run, last_checkpoint, read_state
from training.watching.settings import differences


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path / "runs" / "one")
    (folder.path / "config.toml").write_text('name = "one"\n[first_stage]\nsteps = 10\n')
    return folder


def test_a_process_is_known_by_its_start() -> None:
    began = started_at(os.getpid())
    assert began is not None
    assert began <= time.time() + 1
    assert is_running(os.getpid(), time.time())
    # An id that was given to a new process after the status was written.
    assert not is_running(os.getpid(), began - 60)


def test_a_dead_process_and_a_zombie_do_not_run() -> None:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    deadline = time.monotonic() + 20
    while started_at(process.pid) is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert started_at(process.pid) is None  # it has not been waited for: a zombie
    process.wait()
    assert not is_running(process.pid, time.time())


def test_a_run_that_a_living_process_trains_is_training(run: RunFolder) -> None:
    run.status(state="training", phase="first_stage", step=3, steps=10)
    state = read_state(run.path)
    assert (state.state, state.phase, state.step, state.steps, state.alive) == ("training", "first_stage", 3, 10, True)
    assert state.pid == os.getpid()


def test_a_run_whose_process_is_gone_has_died_and_says_the_way_out(run: RunFolder) -> None:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    status = {"pid": process.pid, "started": time.time(), "state": "training", "phase": "first_stage", "step": 7}
    (run.path / "status.json").write_text(json.dumps(status))
    (run.path / "checkpoints" / "first_stage" / "step_5").mkdir(parents=True)
    (run.path / "train.log").write_text("begin\nMemoryError: no more\n")
    state = read_state(run.path)
    assert (state.state, state.alive) == ("died", False)
    assert state.trouble is not None
    assert str(process.pid) in state.trouble.what
    assert "MemoryError: no more" in state.trouble.why
    assert "step 5 of the first stage" in state.trouble.fix
    assert last_checkpoint(run.path) == ("first_stage", 5)


@pytest.mark.parametrize(
    ("log", "why"),
    [
        ("", "It left no message: it was killed, the machine went down, or memory ran out."),
        ("step 4 of 9, loss 0.1\n", "The log's last line is: step 4 of 9, loss 0.1"),
        (
            "RuntimeError: CUDA error\nCompile with TORCH_USE_CUDA_DSA.\n\n",
            "The log ends with: RuntimeError: CUDA error",
        ),
        ("step 4\nKilled\n", "The log ends with: Killed"),
        ("torch.OutOfMemoryError: no\n  more\n", "The log ends with: torch.OutOfMemoryError: no"),
        ("step 4\nerrors are logged here\n", "The log's last line is: errors are logged here"),
    ],
)
def test_the_log_of_a_dead_run_tells_why_where_it_can(run: RunFolder, log: str, why: str) -> None:
    (run.path / "status.json").write_text(json.dumps({"pid": 0, "started": 0, "state": "training"}))
    (run.path / "train.log").write_text(log)
    trouble = read_state(run.path).trouble
    assert trouble is not None
    assert trouble.why.endswith(why)
    assert trouble.fix == "There is no checkpoint yet; Resume begins again."


def test_what_an_earlier_process_wrote_is_not_why_this_one_died(run: RunFolder) -> None:
    (run.path / "status.json").write_text(json.dumps({"pid": 0, "started": 0, "state": "training"}))
    (run.path / "train.log").write_text("MemoryError: no more\nstep 4\n")
    (run.path / "launch.json").write_text(json.dumps({"pid": 0, "time": 0, "log": len("MemoryError: no more\n")}))
    trouble = read_state(run.path).trouble
    assert trouble is not None
    assert trouble.why.endswith("The log's last line is: step 4")


def test_a_failed_run_tells_its_error(run: RunFolder) -> None:
    run.status(state="failed", error={"what": "A", "why": "B", "fix": "C"})
    trouble = read_state(run.path).trouble
    assert trouble is not None
    assert (trouble.what, trouble.why, trouble.fix) == ("A", "B", "C")


def test_a_torn_or_strange_status_is_no_crash(run: RunFolder) -> None:
    (run.path / "status.json").write_text('{"pid": 12, "sta')
    assert read_state(run.path).state == "idle"
    (run.path / "status.json").write_text('{"pid": null, "step": "x", "state": "training"}')
    assert read_state(run.path).state == "died"


def test_commands_wait_in_their_order(run: RunFolder) -> None:
    for command in ("sample", "checkpoint", "stop"):
        commands.send(run.path, command)
    assert read_state(run.path).state == "idle"
    run.status(state="training", phase="first_stage", step=1, steps=2)
    assert read_state(run.path).waiting == ("sample", "checkpoint", "stop")
    assert [request["command"] for request in run.requests()] == ["sample", "checkpoint", "stop"]
    assert read_state(run.path).waiting == ()


def test_a_run_at_rest_is_extended_in_its_folder_and_one_that_trains_is_told(run: RunFolder) -> None:
    run.status(state="finished")
    (run.path / "finished.json").write_text('["first_stage", "second_stage"]')
    commands.extend(read_state(run.path), "first_stage", 25)
    assert "steps = 25" in (run.path / "config.toml").read_text()
    assert json.loads((run.path / "finished.json").read_text()) == []
    assert [mark.kind for mark in read_details(run.path).marks] == ["extended"]
    with pytest.raises(InputError, match="already has 25"):
        commands.extend(read_state(run.path), "first_stage", 25)
    run.status(state="training", phase="first_stage", step=1, steps=25)
    commands.extend(read_state(run.path), "first_stage", 30)
    assert [dict(request) for request in run.requests()] == [{"command": "extend", "phase": "first_stage", "steps": 30}]


def test_details_hold_grids_marks_and_the_end_of_the_log(run: RunFolder) -> None:
    for step in (100, 20):
        (run.path / "samples" / "first_stage" / f"step_{step}").mkdir(parents=True)
    (run.path / "checkpoints" / "first_stage" / "step_50").mkdir(parents=True)
    run.event("phase_started", phase="first_stage", step=0)
    run.event("phase_started", phase="first_stage", step=50)
    run.event("saved", what="checkpoint", phase="first_stage", step=50)
    (run.path / "train.log").write_text("x" * 5000 + "\nthe end\n")
    details = read_details(run.path)
    assert details.grids == {"first_stage": (20, 100)}
    assert [(mark.kind, mark.step) for mark in details.marks] == [("checkpoint", 50), ("resumed", 50)]
    assert details.log.endswith("the end")
    assert len(details.log) < 4200
    assert read_details(run.path, details) is details


def test_a_folder_of_something_else_is_no_run(tmp_path: Path) -> None:
    assert not is_run(tmp_path)


def test_only_settings_that_differ_are_compared() -> None:
    assert differences([{"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4}]) == {"b": (2, 3), "c": (None, 4)}
