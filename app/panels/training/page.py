"""The training page: the runs at the left; the chosen ones, or the form for a new one, beside them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.panels.banner import Banner
from app.panels.training.header import RunHeader, phases_of
from app.panels.training.promotion import Promotion
from app.panels.training.run_list import RunList
from app.panels.training.samples import SamplesView
from app.panels.training.settings_view import SettingsView
from app.panels.training.watcher import Drawn, Watcher
from core.errors import LoomError
from training.watching import commands
from training.watching.run_details import RunDetails
from training.watching.run_state import RunState
from training.watching.settings import read_settings

if TYPE_CHECKING:
    from app.panels.training.curves import CurvesView

_AGES_EVERY_MS = 1000


class TrainingPage(QWidget):
    """Everything about training.

    Attributes:
        runs: The list of runs.
        banner: What could not be done.
        header: The chosen run and its buttons.
        tabs: Curves, samples, settings and log.
        curves: The plots; None until what draws them is imported.
        samples, settings: Their tabs.
        watcher: The thread that reads run folders.

    Signals:
        failed(LoomError): Something could not be done.
        told(str): Something worth a line in the log.
        promoted(object): A model was installed; the new catalogue.
    """

    failed = Signal(object)
    told = Signal(str)
    promoted = Signal(object)

    def __init__(self, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.folder = folder
        self._states: dict[Path, RunState] = {}
        self._processes: list[subprocess.Popen[bytes]] = []
        self._wanted: Path | None = None
        self.curves: CurvesView | None = None
        self.runs, self.header = RunList(), RunHeader(self.steer)
        self.samples, self.settings = SamplesView(), SettingsView()
        self._log = QPlainTextEdit()
        self._log.setReadOnly(True)
        self._log.setObjectName("trainLog")
        self.watcher, self.promotion = Watcher(folder, self), Promotion(self)
        self._compose()
        self._ages = QTimer(self, interval=_AGES_EVERY_MS)
        self._ages.timeout.connect(self._tick)
        self.runs.chosen.connect(self._choose)
        self.runs.new.clicked.connect(self.new_run)
        self.watcher.listed.connect(self._list)
        self.watcher.told.connect(self._tell)
        self.watcher.drew.connect(self._draw)
        self.watcher.device_told.connect(self.header.show_device)
        self.watcher.ready.connect(self._make_curves)
        self.promotion.failed.connect(self.fail)
        self.promotion.done.connect(self._promoted)

    def close_down(self) -> None:
        """Stop watching; runs go on."""
        self._ages.stop()
        self.watcher.close()
        self.promotion.close()

    def new_run(self) -> None:
        """Show the form for a new run."""

    def steer(self, what: str) -> None:
        """Do what a button says to the chosen run."""
        state = self.header.state
        if state is None:
            return
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
            self.fail(error)
        except OSError as error:
            why, fix = f"{error.strerror or error}.", "Check that the run folder can be written to."
            self.fail(LoomError(f"{state.name} could not be told to {what}.", why=why, fix=fix))
        self.watcher.look()

    def start(self, run: Path, config: Path | None = None) -> None:
        """Start a process that trains `run`, new from `config` or from where it is."""
        self._processes.append(commands.start(run, config))
        self._wanted = run
        self.told.emit(f"Started training {run.name}")
        self.watcher.look()

    def fail(self, error: object) -> None:
        """Say what could not be done."""
        assert isinstance(error, LoomError)
        self.banner.show_error(error)
        self.failed.emit(error)

    def _compose(self) -> None:
        self.setObjectName("trainingPage")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self._curves_place = QStackedWidget()
        self._curves_place.addWidget(QWidget())
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        for title, part in (
            ("Curves", self._curves_place), ("Samples", self.samples), ("Settings", self.settings), ("Log", self._log),
        ):  # fmt: skip
            self.tabs.addTab(part, title)
        watching = QWidget()
        column = QVBoxLayout(watching)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.tabs, 1)
        self.banner = Banner()
        self.banner.escape.setEnabled(False)
        self.stack = QStackedWidget()
        self.stack.addWidget(self._make_welcome())
        self.stack.addWidget(watching)
        self.runs.setFixedWidth(272)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(1)
        row.addWidget(self.runs)
        beside = QVBoxLayout()
        beside.setSpacing(0)
        beside.addWidget(self.banner)
        beside.addWidget(self.stack, 1)
        row.addLayout(beside, 1)

    def _make_welcome(self) -> QWidget:
        page = QWidget()
        title, words = QLabel("No runs yet"), QLabel(
            "Train an autoencoder, then a diffusion model in its latents, on the shipped scenes or on your pictures.\n"
            "Runs go on when this window is closed, and are found again when it is opened."
        )  # fmt: skip
        title.setObjectName("runName")
        words.setObjectName("muted")
        words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        begin = QPushButton("New run")
        begin.setDefault(True)
        begin.clicked.connect(self.new_run)
        column = QVBoxLayout(page)
        column.setSpacing(12)
        column.addStretch(1)
        for part in (title, words, begin):
            column.addWidget(part, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(2)
        return page

    def _make_curves(self) -> None:
        # Here, since pyqtgraph takes a while to import; the watcher's thread has done it.
        from app.panels.training.curves import CurvesView

        self.curves = CurvesView()
        self.curves.view_changed.connect(lambda view: self.watcher.show(view))
        self._curves_place.addWidget(self.curves)
        self._curves_place.setCurrentWidget(self.curves)
        self.curves.show_runs(self.runs.runs)

    def _list(self, states: object) -> None:
        assert isinstance(states, list)
        self._states = {state.path: state for state in states}
        self.runs.show_states(states)
        if self._wanted in self._states:
            self.runs.choose(self._wanted)
            self._wanted = None
        elif not self.runs.runs and states:
            self.runs.choose(states[0].path)
        if not states and self.stack.currentIndex() == 1:
            self.stack.setCurrentIndex(0)
        self._show_first()

    def _choose(self, runs: object) -> None:
        assert isinstance(runs, tuple)
        if not runs:
            return
        self.stack.setCurrentIndex(1)
        if self.curves is not None:
            self.curves.show_runs(runs)
        self.settings.show_runs(runs)
        self._show_first()
        self.watcher.look()

    def _show_first(self) -> None:
        first = self.runs.runs[0] if self.runs.runs else None
        if first in self._states:
            self.header.show_state(self._states[first])

    def _tell(self, details: object) -> None:
        assert isinstance(details, RunDetails)
        if not self.runs.runs or details.path != self.runs.runs[0]:
            return
        self.header.show_model(details.model)
        self.samples.show_grids(details.path, details.grids)
        if self.curves is not None:
            self.curves.show_marks(details.marks)
        if self._log.toPlainText() != details.log:
            self._log.setPlainText(details.log)
            self._log.verticalScrollBar().setValue(self._log.verticalScrollBar().maximum())

    def _draw(self, drawn: object) -> None:
        if self.curves is not None and isinstance(drawn, Drawn):
            self.curves.show_drawn(drawn)

    def _tick(self) -> None:
        self.runs.refresh_ages()
        self._processes = [process for process in self._processes if process.poll() is None]  # no zombies

    def _extend(self, state: RunState) -> None:
        phases = phases_of(read_settings(state.path))
        phase, title, steps = next((p for p in phases if p[0] == state.phase), phases[-1])
        words = f"{title} has {steps:,} steps. How many shall it have in all?"
        wanted, agreed = QInputDialog.getInt(self, "More steps", words, steps * 2, steps + 1, 10**9, max(1, steps // 4))
        if agreed:
            commands.extend(state, phase, wanted)
            self.start(state.path)

    def _promote(self, state: RunState) -> None:
        name, agreed = QInputDialog.getText(self, "Add to models", "Name of the model:", text=state.name)
        if agreed and name.strip():
            self.promotion.begin(state.path, name.strip())

    def _promoted(self, name: str, catalogue: object) -> None:
        self.told.emit(f"Installed the model {name}: Load model lists it")
        self.promoted.emit(catalogue)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._ages.isActive():
            self._ages.start()
            self.watcher.start()
