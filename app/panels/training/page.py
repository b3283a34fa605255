"""The training page: the runs at the left; the chosen ones, or the form for a new one, beside them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.panels.banner import Banner
from app.panels.training.form_opener import FormOpener
from app.panels.training.header import RunHeader
from app.panels.training.next_stage import next_stage
from app.panels.training.run_list import RunList
from app.panels.training.samples import SamplesView
from app.panels.training.settings_view import SettingsView
from app.panels.training.steering import Steering
from app.panels.training.watcher import Drawn, Watcher
from core.errors import LoomError
from training.watching.run_details import RunDetails
from training.watching.run_state import RunState

if TYPE_CHECKING:
    from app.panels.training.curves import CurvesView

_TICK_MS = 1000
_RUNS_WIDTH, _RUNS_NARROW, _WIDE = 272, 200, 1000
"""Pixels of the list of runs, where the page has the last width or more, and where it has less."""


class TrainingPage(QWidget):
    """Everything about training.

    Attributes:
        runs: The list of runs.
        header: The chosen run and its buttons.
        banner: What could not be done.
        tabs: Curves, samples, settings and log.
        curves: The plots; None until what draws them is imported.
        samples, settings: Their tabs.
        watcher: The thread that reads run folders.
        steering: What acts on runs.
        opener: Holds the form for a new run.

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
        self._states: dict[Path, RunState] = {}
        self._wanted: Path | None = None
        self.curves: CurvesView | None = None
        self.runs, self.header, self.banner = RunList(), RunHeader(self.steer), Banner()
        self.banner.escape.setEnabled(False)  # the window's Esc means Cancel
        self.samples, self.settings, self._log = SamplesView(), SettingsView(), QPlainTextEdit()
        self._log.setReadOnly(True)
        self._log.setObjectName("trainLog")
        self.watcher, self.steering, self.opener = (
            Watcher(folder, self),
            Steering(folder, self),
            FormOpener(folder, self),
        )
        self._compose()
        self._ticks = QTimer(self, interval=_TICK_MS)
        self._connect()

    def close_down(self) -> None:
        """Stop watching; runs go on."""
        self._ticks.stop()
        self.watcher.close()
        self.steering.promotion.close()
        self.opener.close_down()

    def new_run(self) -> None:
        """Show the form for a new run, as soon as it is loaded."""
        self.opener.open(self._taken())

    def steer(self, what: str) -> None:
        """Do what a button says to the chosen run."""
        state = self.header.state
        if state is None:
            return
        if what == "next":
            self.opener.open(self._taken(), next_stage(state.path))
        else:
            self.steering.steer(state, what)
        self.watcher.look()

    def fail(self, error: object) -> None:
        """Say what could not be done."""
        assert isinstance(error, LoomError)
        self.banner.show_error(error)
        self.failed.emit(error)

    def _connect(self) -> None:
        self._ticks.timeout.connect(self.runs.refresh_ages)
        self._ticks.timeout.connect(self.steering.reap)
        self.runs.chosen.connect(self._choose)
        self.runs.new.clicked.connect(self.new_run)
        self.watcher.listed.connect(self._list)
        self.watcher.told.connect(self._tell)
        self.watcher.drew.connect(self._draw)
        self.watcher.device_told.connect(self.header.show_device)
        self.watcher.ready.connect(self._make_curves)
        self.steering.failed.connect(self.fail)
        self.steering.told.connect(self.told)
        self.steering.promoted.connect(self.promoted)
        self.steering.started.connect(self._await)
        self.opener.loading.connect(lambda on: self.runs.new.setText("Loading…" if on else "New run"))
        self.opener.opened.connect(self._show_form)

    def _compose(self) -> None:
        self.setObjectName("trainingPage")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self._curves_place = QStackedWidget()
        loading = QLabel("Loading the curves…")
        loading.setObjectName("muted")
        loading.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._curves_place.addWidget(loading)
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
        self.stack = QStackedWidget()
        self.stack.addWidget(_welcome(self.new_run))
        self.stack.addWidget(watching)
        self.runs.setFixedWidth(_RUNS_WIDTH)
        beside = QVBoxLayout()
        beside.setSpacing(0)
        beside.addWidget(self.banner)
        beside.addWidget(self.stack, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(1)
        row.addWidget(self.runs)
        row.addLayout(beside, 1)

    def _make_curves(self) -> None:
        # Here, since pyqtgraph takes a while to import; the watcher's thread has done it.
        from app.panels.training.curves import CurvesView

        self.curves = CurvesView()
        self.curves.view_changed.connect(lambda view: self.watcher.show(view))
        self._curves_place.addWidget(self.curves)
        self._curves_place.setCurrentWidget(self.curves)
        self.curves.show_runs(self.runs.runs)

    def _taken(self) -> frozenset[str]:
        return frozenset(path.name for path in self._states)

    def _show_form(self) -> None:
        form = self.opener.form
        assert form is not None
        if self.stack.indexOf(form) < 0:
            form.begun.connect(self.steering.begin)
            form.cancelled.connect(lambda: self.stack.setCurrentIndex(1 if self._states else 0))
            self.stack.addWidget(form)
        self.stack.setCurrentWidget(form)

    def _await(self, run: object) -> None:
        """Choose a run as soon as the list has it."""
        assert isinstance(run, Path)
        self._wanted = run
        self.watcher.look()

    def _list(self, states: object) -> None:
        assert isinstance(states, list)
        self._states = {state.path: state for state in states}
        self.runs.show_states(states)
        if self._wanted in self._states:
            self.runs.choose(self._wanted)
            self._wanted = None
            self.stack.setCurrentIndex(1)
        elif not self.runs.runs and states:
            self.runs.choose(states[0].path)
        if not states and self.stack.currentIndex() == 1:
            self.stack.setCurrentIndex(0)
        self.settings.show_runs(self.runs.runs)  # a new run writes them only after a while
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
        self.header.show_models(details.models)
        self.samples.show_grids(details.path, details.grids)
        if self.curves is not None:
            self.curves.show_marks(details.marks)
        if self._log.toPlainText() != details.log:
            self._log.setPlainText(details.log)
            self._log.verticalScrollBar().setValue(self._log.verticalScrollBar().maximum())

    def _draw(self, drawn: object) -> None:
        if self.curves is not None and isinstance(drawn, Drawn):
            self.curves.show_drawn(drawn)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the list of runs give way in a small window."""
        super().resizeEvent(event)
        self.runs.setFixedWidth(_RUNS_WIDTH if self.width() >= _WIDE else _RUNS_NARROW)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._ticks.isActive():
            self._ticks.start()
            self.watcher.start()


def _welcome(begin: Callable[[], object]) -> QWidget:
    """What is shown before there is any run."""
    page, title = QWidget(), QLabel("No runs yet")
    title.setObjectName("runName")
    words = QLabel(
        "Train an autoencoder, then a diffusion model in its latents, on the shipped scenes or on your pictures.\n"
        "Runs go on when this window is closed, and are found again when it is opened."
    )
    words.setObjectName("muted")
    words.setAlignment(Qt.AlignmentFlag.AlignCenter)
    button = QPushButton("New run")
    button.setObjectName("primary")
    button.clicked.connect(lambda: begin())
    column = QVBoxLayout(page)
    column.setSpacing(12)
    column.addStretch(1)
    for part in (title, words, button):
        column.addWidget(part, 0, Qt.AlignmentFlag.AlignHCenter)
    column.addStretch(2)
    return page
