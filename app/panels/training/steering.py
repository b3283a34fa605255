"""What the buttons do to a run: commands in its folder, processes that work on it, its model installed."""

from __future__ import annotations

import subprocess
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QInputDialog, QMessageBox, QWidget

from app.panels.training.header import phases_of
from app.panels.training.promotion import Promotion
from core.checkpoints.model_library import user_models
from core.errors import LoomError
from training.run_folder import write_atomically
from training.watching import commands
from training.watching.run_state import RunState, read_state
from training.watching.settings import read_settings

_NEW = ".new"
"""Folder, beside the runs, of configurations that a run is begun with."""


class Steering(QObject):
    """Acts on runs.

    Attributes:
        folder: Where the runs lie.
        promotion: Installs models.
        processes: Those that this window started and that were running when it last looked.

    Signals:
        failed(LoomError): Something could not be done.
        told(str): Something was done.
        started(object): A process was started for this run folder.
        promoted(object): A model was installed; the new catalogue.
    """

    failed = Signal(object)
    told = Signal(str)
    started = Signal(object)
    promoted = Signal(object)

    def __init__(self, folder: Path, window: QWidget) -> None:
        super().__init__(window)
        self.folder, self._window = folder, window
        self.processes: list[subprocess.Popen[bytes]] = []
        self.promotion = Promotion(self)
        self.promotion.failed.connect(self.failed)
        self.promotion.done.connect(self._promoted)

    def steer(self, state: RunState, what: str) -> None:
        """Do what a button says to a run."""
        try:
            if what == "extend":
                self._extend(state)
            elif what == "promote":
                self._promote(state)
            elif what == "resume" and not state.alive:
                self.start(state.path)
            else:
                commands.send(state.path, what)
        except LoomError as error:
            self.failed.emit(error)
        except OSError as error:
            why, fix = f"{error.strerror or error}.", "Check that the run folder can be written to."
            self.failed.emit(LoomError(f"{state.name} could not be told to {what}.", why=why, fix=fix))

    def begin(self, name: str, text: str) -> None:
        """Begin a run of this name with this TOML."""
        config = self.folder / _NEW / f"{name}.toml"
        try:
            config.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(config, text.encode())
            self.start(self.folder / name, config)
        except OSError as error:
            why, fix = f"{error.strerror or error}.", "Make room there, or the folder writable, and try again."
            self.failed.emit(LoomError(f"The run {name} could not be begun in {self.folder}.", why=why, fix=fix))

    def start(self, run: Path, config: Path | None = None) -> None:
        """Start a process that trains `run`, new from `config` or from where it is; not beside another one."""
        if read_state(run).alive:
            return  # pressed again before the page showed what the first press did
        begun_with = self.folder / _NEW / f"{run.name}.toml"
        if config is None and not (run / "config.toml").exists() and begun_with.exists():
            config = begun_with  # its process ended before it had made the run folder
        self.processes.append(commands.start(run, config))
        self.told.emit(f"Started training {run.name}")
        self.started.emit(run)

    def reap(self) -> None:
        """Let the system forget processes of this window that have ended."""
        self.processes = [process for process in self.processes if process.poll() is None]

    def _extend(self, state: RunState) -> None:
        phases = phases_of(read_settings(state.path))
        if not phases:
            raise LoomError(
                f"{state.name} has no phases that could go on.",
                why="Its configuration cannot be read.",
                fix="Begin a new run.",
            )
        phase, title, steps = next((p for p in phases if p[0] == state.phase), phases[-1])
        words = f"{title} has {steps:,} steps. How many shall it have in all?"
        wanted, agreed = QInputDialog.getInt(self._window, "More steps", words, steps * 2, steps + 1, 2**31 - 1)
        if agreed:
            commands.extend(state, phase, wanted)
            if not state.alive:
                self.start(state.path)

    def _promote(self, state: RunState) -> None:
        said, agreed = QInputDialog.getText(self._window, "Add to models", "Name of the model:", text=state.name)
        name = said.strip()
        if not agreed or not name:
            return
        replace = (user_models() / name).exists()
        if not replace or self._may_replace(name):
            self.promotion.begin(state.path, name, replace)

    def _may_replace(self, name: str) -> bool:
        kind = QMessageBox.StandardButton
        words = f'<b>Replace your model "{name}"?</b><br>What it was is lost.'
        answer = QMessageBox.question(self._window, "Add to models", words, kind.Yes | kind.Cancel, kind.Cancel)
        return answer == kind.Yes

    def _promoted(self, name: str, catalogue: object) -> None:
        self.told.emit(f"Installed the model {name}: Load model lists it")
        self.promoted.emit(catalogue)
