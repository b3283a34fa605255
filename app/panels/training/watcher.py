"""The thread that reads run folders for the training page; the window never opens a file of a run itself."""

from __future__ import annotations

import contextlib
import importlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.panels.training.device_meter import DeviceMeter
from app.theme import RESOURCES
from training.watching.curve_index import CurveIndex
from training.watching.curve_table import Curve
from training.watching.run_details import RunDetails, read_details
from training.watching.run_state import RunState, is_run, read_state

POLL_S = 0.25
_STATES_EVERY_S = 0.4
# Parsing holds Python's lock: more than this at a time would be felt in the window.
_PIECE = 2**16
_PIECES_A_POLL = 8
# Between two curves the window may have Python's lock.
_BREATH_S = 0.001
# A longer history is parsed by a process of its own.
_LONG = 2**21


@dataclass(frozen=True)
class View:
    """What the curves show.

    Attributes:
        runs: Whose curves.
        phase: Of which phase; "" = the newest one of the first run.
        first, last: Steps at the ends of the axis; None = all.
        most: How many records of a curve are worth drawing.
    """

    runs: tuple[Path, ...] = ()
    phase: str = ""
    first: float | None = None
    last: float | None = None
    most: int = 800


@dataclass(frozen=True)
class Drawn:
    """Curves for a view.

    Attributes:
        view: What was asked for.
        phase: The phase that is shown.
        phases: Those that there are.
        bounds: First and last step of all runs.
        curves: By run and term.
        newest: Newest values of each run's terms.
        reading: How much of a long history is read, from 0 to 1, by run; those that are read whole are left out.
    """

    view: View
    phase: str = ""
    phases: tuple[str, ...] = ()
    bounds: tuple[int, int] = (0, 0)
    curves: Mapping[tuple[Path, str], Curve] = field(default_factory=dict)
    newest: Mapping[Path, Mapping[str, float]] = field(default_factory=dict)
    reading: Mapping[Path, float] = field(default_factory=dict)


class Watcher(QObject):
    """Polls run folders on a plain thread.

    Signals:
        listed(object): All runs, list[RunState], when one of them changed.
        drew(object): Curves, Drawn, when they or the view changed.
        told(object): RunDetails of the first run of the view, when they changed.
        device_told(str): Memory and temperature of the device, where they are known.
        ready(): Plots may be made: what draws them is imported.
    """

    listed = Signal(object)
    drew = Signal(object)
    told = Signal(object)
    device_told = Signal(str)
    ready = Signal()

    def __init__(self, runs: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.runs = runs
        self._view, self._view_changed = View(), False
        self._wake, self._stopped = threading.Event(), False
        self._states: dict[Path, tuple[tuple[float, ...], RunState]] = {}
        self._told_states: list[RunState] = []
        self._told_details: RunDetails | None = None
        self._indexes: dict[Path, CurveIndex] = {}
        self._readers: dict[Path, subprocess.Popen[bytes]] = {}
        self._thread = threading.Thread(target=self._work, name="loom-training-watcher", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread is there."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Stop, and wait for the thread."""
        self._stopped = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def show(self, view: View) -> None:
        """Draw another view; one that is not drawn yet is forgotten."""
        self._view, self._view_changed = view, True
        self._wake.set()

    def look(self) -> None:
        """Look at once, such as after a command."""
        self._wake.set()

    def _work(self) -> None:
        self._list()  # first, since what draws plots takes a while to import
        importlib.import_module("pyqtgraph")
        self.ready.emit()
        looked, meter = 0.0, DeviceMeter()
        while not self._stopped:
            if self._wake.is_set() or time.monotonic() - looked > _STATES_EVERY_S:
                looked = time.monotonic()
                self._list()
                self._tell()
                if device := meter.read():
                    self.device_told.emit(device)
            self._wake.clear()
            self._draw()
            self._wake.wait(POLL_S)
        for reader in self._readers.values():
            reader.terminate()
            reader.wait()
        for index in self._indexes.values():
            index.release()

    def _list(self) -> None:
        folders: list[Path] = []
        with contextlib.suppress(OSError):
            folders = [Path(entry.path) for entry in os.scandir(self.runs) if not entry.name.startswith(".")]
        states = [self._state(folder) for folder in folders if is_run(folder)]
        states.sort(key=lambda state: (not state.alive, -state.heartbeat, state.name))
        if states != self._told_states:
            self._told_states = states
            self.listed.emit(states)

    def _state(self, folder: Path) -> RunState:
        stamp = tuple(_changed(folder / name) for name in ("status.json", "launch.json", "control", "finished.json"))
        known = self._states.get(folder)
        if known is None or known[0] != stamp or known[1].alive:
            known = self._states[folder] = (stamp, read_state(folder))
        return known[1]

    def _tell(self) -> None:
        if self._view.runs:
            details = read_details(self._view.runs[0], self._told_details)
            if details != self._told_details:
                self._told_details = details
                self.told.emit(details)

    def _draw(self) -> None:
        view, changed = self._view, self._view_changed
        self._view_changed = False
        for run in [run for run in self._indexes if run not in view.runs]:
            self._indexes.pop(run).release()
        for run in view.runs:
            changed |= self._follow(run)
        if changed and view.runs:
            # A run that goes back to an earlier step may cut a table while it is read; the next poll reads it again.
            with contextlib.suppress(OSError, ValueError):
                self.drew.emit(self._drawn(view))

    def _follow(self, run: Path) -> bool:
        """Bring the index of a run up to date, or let a process do it; returns whether anything is new."""
        index = self._indexes.get(run)
        new = index is None
        if index is None:
            index = self._indexes[run] = CurveIndex(run)
        reader = self._readers.get(run)
        if reader is not None:
            if reader.poll() is None:
                return index.reload()
            del self._readers[run]
            new = index.reload()
        if not index.behind:
            return new
        if not index.hold():
            return index.reload() or new
        if index.behind > (8 * _LONG if index.offset else _LONG):
            index.release()
            command = [sys.executable, "-m", "training.watching.curve_index", str(run)]
            self._readers[run] = subprocess.Popen(command, cwd=RESOURCES.parent, stdin=subprocess.DEVNULL)
            return True
        for _ in range(_PIECES_A_POLL):
            if not index.catch_up(_PIECE):
                break
            new = True
        return new

    def _drawn(self, view: View) -> Drawn:
        indexes = {run: self._indexes[run] for run in view.runs}
        phases = tuple(dict.fromkeys(phase for index in indexes.values() for phase in index.tables))
        phase = view.phase if view.phase in phases else (phases[-1] if phases else "")
        tables = {run: index.tables[phase] for run, index in indexes.items() if phase in index.tables}
        ends = [table.bounds() for table in tables.values()]
        bounds = (min(end[0] for end in ends), max(end[1] for end in ends)) if ends else (0, 0)
        first = bounds[0] if view.first is None else view.first
        last = bounds[1] if view.last is None else view.last
        curves = {}
        for run, table in tables.items():
            for name in table.names:
                curves[run, name] = table.window(name, first, last, view.most)
                time.sleep(_BREATH_S)
        newest = {run: table.last() for run, table in tables.items()}
        reading = {run: index.share for run, index in indexes.items() if run in self._readers}
        return Drawn(view, phase, phases, bounds, curves, newest, reading)


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
