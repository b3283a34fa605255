"""Runs begun from elsewhere in the program: found again, followed, stopped."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from core.cancellation import CancelToken
from core.errors import Cancelled, InputError, LoomError
from training.config import load_config
from training.following import Finished, ended_early, find_run, free_name, progress, trained
from training.watching.run_state import RunState, Trouble, read_state


def nobody(done: int, total: int, preview: np.ndarray | None) -> None:
    """Tell nobody."""


def test_a_finished_run_of_the_same_configuration_is_used_at_once_under_any_name(
    finished_run: Path, config_file: Path
) -> None:
    config = load_config(config_file, {"name": "other"})
    found = trained(config, config_file, {"name": "other"}, finished_run.parent, CancelToken(), nobody)
    assert found == Finished(finished_run, reused=True)


def test_another_configuration_is_another_run(finished_run: Path, config_file: Path) -> None:
    assert find_run(finished_run.parent, load_config(config_file, {"seed": "4"})) is None
    assert find_run(finished_run.parent / "nowhere", load_config(config_file)) is None


def test_of_several_runs_the_finished_one_is_found(finished_run: Path, config_file: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    for name in ("a", "tiny", "z"):
        shutil.copytree(finished_run, runs / name)
        text = (runs / name / "config.toml").read_text().replace('name = "tiny"', f'name = "{name}"')
        (runs / name / "config.toml").write_text(text)
        if name != "tiny":
            (runs / name / "status.json").write_text(json.dumps({"state": "stopped", "pid": 0, "heartbeat": 1.0}))
    assert find_run(runs, load_config(config_file)) == runs / "tiny"


def test_a_taken_name_gets_a_number(tmp_path: Path) -> None:
    assert free_name(tmp_path, "fox") == "fox"
    (tmp_path / "fox").mkdir()
    (tmp_path / "fox-2").mkdir()
    assert free_name(tmp_path, "fox") == "fox-3"


def test_progress_counts_the_steps_of_all_phases(config_file: Path, tmp_path: Path) -> None:
    config = load_config(config_file)  # of 4, 3 and 5 steps
    assert progress(RunState(tmp_path, "preparing", "data", 7), config) == (0, 12)
    assert progress(RunState(tmp_path, "training", "decoder", 2, finished=("first_stage",)), config) == (6, 12)
    done = RunState(tmp_path, "training", "decoder", 3, finished=("first_stage", "decoder"))
    assert progress(done, config) == (7, 12)


def test_a_run_that_ended_early_says_why_and_what_to_do(tmp_path: Path) -> None:
    failed = ended_early(RunState(tmp_path, "failed", trouble=Trouble("It burst.", "Too hot.", "Cool it.")))
    assert (failed.what, failed.why, failed.fix) == ("It burst.", "Too hot.", "Cool it.")
    stopped = ended_early(RunState(tmp_path / "fox", "stopped", "decoder", 2, 3))
    assert isinstance(stopped, InputError)
    assert "fox" in stopped.what
    assert "step 2 of 3" in stopped.why


def test_a_cancelled_run_is_stopped_and_goes_on_next_time(
    finished_run: Path, config_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = config_file.parent
    monkeypatch.chdir(place)
    shutil.copytree(finished_run.parent / ".cache", place / "runs/.cache")
    overrides = {"phases": "first_stage", "first_stage.steps": "2000", "sample_every": "5"}
    config, cancel, seen = load_config(config_file, overrides), CancelToken(), list[tuple[int, int]]()
    pictures = []

    def step(done: int, total: int, preview: np.ndarray | None) -> None:
        seen.append((done, total))
        if preview is not None:
            pictures.append(preview)
            cancel.cancel()

    with pytest.raises(Cancelled):
        trained(config, config_file, overrides, Path("runs"), cancel, step)
    state = read_state(place / "runs" / "tiny")
    assert state.state == "stopped"
    assert 0 < state.step < 2000
    assert seen == sorted(seen)
    assert seen[-1][1] == 2000
    assert pictures[0].ndim == 3
    assert find_run(Path("runs"), config) == Path("runs/tiny")


@pytest.mark.slow
def test_a_run_is_started_and_followed_to_its_end_and_resumed_where_it_stopped(
    finished_run: Path, config_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(config_file.parent)
    shutil.copytree(finished_run.parent / ".cache", Path("runs/.cache"))
    overrides = {"phases": "first_stage"}
    config = load_config(config_file, overrides)
    for reused in (False, True):
        found = trained(config, config_file, overrides, Path("runs"), CancelToken(), nobody)
        assert found == Finished(Path("runs/tiny"), reused=reused)
    assert (found.folder / "models/autoencoder.safetensors").exists()
    broken = load_config(config_file, {"first_stage.optimizer.lr": "1e30", "name": "hot", **overrides})
    with pytest.raises(LoomError, match="not a finite number"):
        trained(
            broken, config_file, {"first_stage.optimizer.lr": "1e30", "name": "hot", **overrides}, Path("runs"),
            CancelToken(), nobody,
        )  # fmt: skip
