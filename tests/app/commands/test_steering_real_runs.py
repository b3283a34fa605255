"""Every command obeyed by a real run in whatever it is doing: both are processes begun as in a terminal.

The run's process is frozen (SIGSTOP) as soon as its status says that it is in a phase, told something by another
process, and let go on: so the command always comes in the very phase, on fast machines and on slow ones.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from training.run_folder import read_lines

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be frozen there"),
]
ROOT = Path(__file__).resolve().parents[3]
TINY = ROOT / "tests/app/panels/training/tiny.toml"
RUN, CACHE = Path("runs/tiny"), Path("runs/.cache")
PATIENCE_S = 120.0
STATUS_OF = {
    "rendering": ("preparing", "rendering scenes"),
    "caching": ("preparing", "encoding latents"),
    "loading": ("preparing", "building the networks"),
    "stepping": ("training", None),
    "sampling": ("training", "sampling"),
    "saving": ("training", "saving"),
}
ENDINGS = ("stop", "abort", "pause-to-disk")


class Moment(NamedTuple):
    """What was there when a run was told something: phase, the last step that was taken in it, and checkpoints."""

    phase: str
    step: int
    checkpoints: set[str]


class Terminal:
    """A folder in which runs are trained and steered by commands.

    Attributes:
        place: The folder.
        training: The process that trains.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        self.training: subprocess.Popen[bytes] | None = None

    def train(self, *words: str) -> None:
        """Begin to train, in a process of its own."""
        with (self.place / "log").open("ab") as log:
            self.training = subprocess.Popen([*MAIN, "train", *words], cwd=self.place, stdout=log, stderr=log)

    def steer(self, command: str) -> None:
        """Tell the run something, by a process of its own."""
        subprocess.run([*MAIN, "steer", str(RUN), command], cwd=self.place, check=True, stdout=subprocess.DEVNULL)

    def tell_while(self, phase: str, *commands: str) -> Moment:
        """Freeze the run in a phase, tell it something, and let it go on."""
        assert self.training is not None
        while True:
            self.wait(lambda: self.doing(phase))
            os.kill(self.training.pid, signal.SIGSTOP)
            try:
                if self.doing(phase):
                    for command in commands:
                        self.steer(command)
                    # From the metrics: the status tells a step within a second only.
                    steps = [line["step"] for line in self.metrics if line["phase"] == self.status["phase"]]
                    return Moment(self.status["phase"], max(steps, default=0), self.checkpoints)
            finally:
                os.kill(self.training.pid, signal.SIGCONT)

    def wait(self, until: Callable[[], object]) -> None:
        """Wait for something, which the run has to live to see."""
        assert self.training is not None
        end = time.monotonic() + PATIENCE_S
        while not until():
            assert time.monotonic() < end, f"The run is {self.status}."
            assert self.training.poll() is None or until(), (self.place / "log").read_text("utf-8")
            time.sleep(0.001)

    def end(self) -> dict[str, Any]:
        """Wait until the process has ended; returns the last status."""
        assert self.training is not None
        assert self.training.wait(PATIENCE_S) == 0, (self.place / "log").read_text("utf-8")
        return self.status

    def doing(self, phase: str) -> bool:
        """Whether this process of the run is in a phase."""
        assert self.training is not None
        status = self.status
        mine = status.get("pid") == self.training.pid
        return mine and (status["state"], status.get("doing")) == STATUS_OF[phase]

    @property
    def status(self) -> dict[str, Any]:
        """What the run says of itself."""
        with contextlib.suppress(FileNotFoundError):
            told: dict[str, Any] = json.loads((self.place / RUN / "status.json").read_bytes())
            return told
        return {}

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The run's events of a kind."""
        return [line for line in read_lines(self.place / RUN / "events.jsonl") if line["event"] == kind]

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """What was written down of the steps."""
        return read_lines(self.place / RUN / "metrics.jsonl")

    @property
    def checkpoints(self) -> set[str]:
        """Those that are whole."""
        return {f"{path.parent.name}/{path.name}" for path in (self.place / RUN).glob("checkpoints/*/step_*")}


MAIN = (sys.executable, str(ROOT / "main.py"))


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    monkeypatch.setenv("LATENT_LOOM_HOME", str(tmp_path / "home"))
    terminal = Terminal(tmp_path)
    yield terminal
    if terminal.training is not None:
        terminal.training.kill()
        terminal.training.wait()


def begin(terminal: Terminal, phase: str) -> None:
    """Train a second stage for longer than the test lasts, after the two steps of a first one."""
    (terminal.place / "tiny.toml").write_text(TINY.read_text("utf-8").replace("steps = 4", "steps = 2", 1), "utf-8")
    many = phase in ("rendering", "caching")
    settings = {"data.count": "600" if many else "12", "second_stage.steps": "100000", "keep_checkpoints": "1000000"}
    terminal.train("tiny.toml", *(word for key, value in settings.items() for word in ("--set", f"{key}={value}")))


@pytest.mark.parametrize("phase", STATUS_OF)
def test_a_run_is_paused_samples_saves_and_goes_on(terminal: Terminal, phase: str) -> None:
    begin(terminal, phase)
    told = terminal.tell_while(phase, "sample", "checkpoint", "pause")
    terminal.wait(lambda: terminal.status["state"] == "paused")
    steps = len(terminal.metrics)
    terminal.steer("resume")
    terminal.wait(lambda: terminal.events("resumed"))
    paused, resumed = ([event.get("step") for event in terminal.events(kind)] for kind in ("paused", "resumed"))
    assert paused == resumed
    terminal.wait(lambda: len(terminal.metrics) > steps + 2)
    obeyed = {(event["what"], event["step"]) for event in terminal.events("saved")}
    for what in ("samples", "checkpoint"):
        assert {(what, told.step), (what, told.step + 1)} & obeyed
    terminal.steer("abort")
    terminal.end()


@pytest.mark.parametrize("phase", STATUS_OF)
def test_a_run_ends_as_it_is_told_and_goes_on_from_there(terminal: Terminal, phase: str) -> None:
    begin(terminal, phase)
    for command in ENDINGS:
        told = terminal.tell_while(phase, command)
        ended = terminal.end()
        assert (ended["state"], ended["asked"]) == ("stopped", command.replace("-", "_"))
        if told.step:
            assert ended["step"] in (told.step, told.step + 1)
        if command == "abort":
            assert len(terminal.checkpoints - told.checkpoints) <= (phase == "saving")  # it may have been at its end
        elif told.step:
            assert f"{told.phase}/step_{ended['step']}" in terminal.checkpoints
        if phase in ("rendering", "caching"):
            shutil.rmtree(terminal.place / CACHE)
        terminal.train(str(RUN))
    terminal.tell_while(phase, "abort")
    terminal.end()
