"""A training page over a folder of runs; runs that it starts are ended with the test."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.panels.training.page import TrainingPage
from app.theme import apply_theme
from training.run_folder import RunFolder


@pytest.fixture
def tiny() -> str:
    """A configuration that trains both stages within seconds."""
    return Path(__file__).with_name("tiny.toml").read_text("utf-8")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the person's own files."""
    monkeypatch.setenv("LATENT_LOOM_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """The folder of the runs."""
    return tmp_path / "runs"


@pytest.fixture
def make_run(runs: Path) -> Callable[..., RunFolder]:
    """Make a run folder as a training process leaves it."""

    def make(name: str, steps: int = 20, phase: str = "first_stage", **status: Any) -> RunFolder:
        run = RunFolder(runs / name)
        (run.path / "config.toml").write_text(f'name = "{name}"\nphases = ["{phase}"]\n[{phase}]\nsteps = {steps}\n')
        for step in range(1, steps + 1):
            run.metric(phase=phase, step=step, loss=1 / step, l1=0.5)
        run.status(**({"state": "finished", "phase": phase, "step": steps, "steps": steps} | status))
        return run

    return make


@pytest.fixture
def open_page(qtbot: QtBot, qapp: Any, runs: Path) -> Iterator[Callable[[], TrainingPage]]:
    """Open a shown page; runs that were started are killed at the end."""
    apply_theme(qapp)
    pages: list[TrainingPage] = []

    def make() -> TrainingPage:
        page = TrainingPage(runs)
        pages.append(page)
        page.resize(1280, 700)
        page.show()
        qtbot.waitUntil(lambda: page.curves is not None)
        return page

    yield make
    for page in pages:
        page.close_down()
        page.hide()
        page.deleteLater()
    for launch in runs.glob("*/launch.json"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(json.loads(launch.read_text())["pid"], signal.SIGKILL)
    for page in pages:
        for process in page.steering.processes:
            process.wait()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("loom-")]
