"""Live curves of every term of the chosen runs, on one axis of steps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from app.panels.training.curve_plot import CurvePlot
from app.panels.training.run_list import run_color
from app.panels.training.terms import ordered, repeats
from app.panels.training.watcher import Drawn, View
from app.panels.training.words import phase_title
from training.watching.run_details import Mark

_COLUMNS = 2  # one in a narrow view
_ROW = 100  # a row's share of the height; what lies below all rows has 1
_NARROW = 520  # logical pixels of a view in which plots stand below one another, and the slider has no words before it
_WIDEST_SMOOTHING = 0.2  # of all steps
_BETWEEN_PLOTS_MS = 12  # so that a turn of the event loop paints one plot, and takes input between two
_RECORDS = 400  # a plot is about as many pixels wide


class CurvesView(QWidget):
    """The plots and their controls.

    Attributes:
        plots: By term.
        smoothing: From 0 to 100.
        log_axis: Whether values are shown as logarithms.
        all: Shows all steps, and new ones as they come.
        all_terms: Whether terms whose curve is that of another have a plot as well.

    Signals:
        view_changed(object): Other curves are needed for this View.
    """

    view_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plots: dict[str, CurvePlot] = {}
        self._runs: tuple[Path, ...] = ()
        self._phase = ""
        self._zoomed: tuple[float, float] | None = None  # the steps that a person chose; None = all
        self._drawn = Drawn(View())
        self._apart: set[str] = set()  # terms that were seen to differ from all others stay in sight
        self._marks: tuple[Mark, ...] = ()
        self._ask_soon = QTimer(self, singleShot=True, interval=30)
        self._ask_soon.timeout.connect(self._ask)
        self._to_draw: list[str] = []
        self._narrow = False
        self._draw_soon = QTimer(self, interval=_BETWEEN_PLOTS_MS)
        self._draw_soon.timeout.connect(self._draw_one)
        self._grid_holder = QWidget()
        self._grid_holder.setObjectName("panel")
        self._grid = QGridLayout(self._grid_holder)
        self._grid.setContentsMargins(16, 4, 12, 12)
        self._grid.setSpacing(10)
        for column in range(_COLUMNS):
            self._grid.setColumnStretch(column, 1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self._grid_holder)
        self._notice = QLabel("The curves come with the first logged step.")
        self._notice.setObjectName("hint")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._make_controls())
        layout.addWidget(scroll, 1)

    def show_runs(self, runs: Sequence[Path]) -> None:
        """Follow these runs, their newest phase first."""
        if tuple(runs) != self._runs:
            self._runs, self._phase, self._zoomed, self._apart = tuple(runs), "", None, set()
            self._ask()

    def show_drawn(self, drawn: Drawn) -> None:
        """Take new curves; those of an older view are let go."""
        if drawn.view.runs != self._runs:
            return
        self._drawn = drawn
        self._show_phases(drawn)
        names = self._show_terms()
        shares = [f"{share:.0%}" for share in drawn.reading.values()]
        self._notice.setText(
            f"Reading the history: {shares[0]}" if shares else
            "" if names else "The curves come with the first logged step."
        )  # fmt: skip

    def _show_terms(self) -> list[str]:
        """Lay out and draw the plots of the terms that are worth one; returns all terms."""
        names = ordered([name for _, name in self._drawn.curves])
        same = {name: first for name, first in repeats(self._drawn.curves).items() if name not in self._apart}
        self._apart |= set(names) - same.keys()
        shown = [name for name in names if name not in same or self.all_terms.isChecked()]
        self.all_terms.setVisible(bool(same))
        if list(self.plots) != shown:
            self._lay_out(shown)
        for name, plot in self.plots.items():
            plot.show_same([other for other, first in same.items() if first == name])
        self._redraw()
        return names

    def show_marks(self, marks: tuple[Mark, ...]) -> None:
        """Mark what happened to the first run."""
        if marks != self._marks:
            self._marks = marks
            self._mark_all()

    def newest(self, term: str) -> list[float]:
        """The newest values of a term, one for each run that has it."""
        return [values[term] for values in self._drawn.newest.values() if term in values]

    def follow(self) -> None:
        """Show all steps, and new ones as they come."""
        self._zoomed = None
        self._redraw()
        self._ask()

    def _make_controls(self) -> QWidget:
        self.phases = QComboBox()
        self.phases.setAccessibleName("Phase")
        self.phases.setMinimumWidth(130)
        self.phases.activated.connect(self._choose_phase)
        self.smoothing = QSlider(Qt.Orientation.Horizontal)
        self.smoothing.setRange(0, 100)
        self.smoothing.setValue(40)
        self.smoothing.setMinimumWidth(48)
        self.smoothing.setMaximumWidth(140)
        self.smoothing.setAccessibleName("Smoothing")
        self.smoothing.valueChanged.connect(self._redraw)
        self.log_axis = QPushButton("Log axis")
        self.log_axis.setCheckable(True)
        self.log_axis.toggled.connect(self._redraw)
        self.all = QPushButton("All steps")
        self.all.setToolTip("Show all steps, and new ones as they come (double-click a plot)")
        self.all.clicked.connect(self.follow)
        self.all_terms = QPushButton("All terms")
        self.all_terms.setCheckable(True)
        self.all_terms.setToolTip("Also plot terms whose curve is that of another")
        self.all_terms.setVisible(False)
        self.all_terms.toggled.connect(self._show_terms)
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(16, 8, 16, 8)
        row.setSpacing(10)
        self.smoothing.setToolTip("Smoothing")
        self._label = QLabel("Smoothing")
        self._label.setObjectName("muted")
        for part in (self.phases, self._label, self.smoothing, self.log_axis, self.all, self.all_terms):
            row.addWidget(part, 100 if part is self.smoothing else 0)  # the slider gives way in a small window
        row.addStretch(1)
        self._notice.setMinimumWidth(1)
        row.addWidget(self._notice)
        return line

    def _show_phases(self, drawn: Drawn) -> None:
        known = tuple(self.phases.itemData(index) for index in range(self.phases.count()))
        if known != drawn.phases:
            self.phases.clear()
            for phase in drawn.phases:
                self.phases.addItem(phase_title(phase), phase)
        self.phases.setCurrentIndex(self.phases.findData(drawn.phase))

    def _choose_phase(self, index: int) -> None:
        self._phase, self._zoomed, self._apart = str(self.phases.itemData(index)), None, set()
        self._ask()

    def _lay_out(self, names: Sequence[str]) -> None:
        for name in [name for name in self.plots if name not in names]:
            plot = self.plots.pop(name)
            self._grid.removeWidget(plot)
            plot.hide()
            plot.deleteLater()
        kept, self.plots = self.plots, {}
        columns = 1 if self._narrow else _COLUMNS
        for place, name in enumerate(names):
            plot = kept.get(name) or self._make_plot(name)
            self.plots[name] = plot
            self._grid.addWidget(plot, place // columns, place % columns)
        self._grid.setColumnStretch(1, columns - 1)
        rows = -(-len(names) // columns)
        for row in range(self._grid.rowCount() + 1):  # what the plots leave lies below them
            self._grid.setRowStretch(row, _ROW if row < rows else 1 if row == rows else 0)
        self._mark_all()

    def _make_plot(self, name: str) -> CurvePlot:
        plot = CurvePlot(name)
        plot.moved.connect(lambda: self._moved(plot))
        plot.followed.connect(self.follow)
        plot.seen.connect(self._redraw)
        plot.set_steps(*self._drawn.bounds)
        return plot

    def _moved(self, plot: CurvePlot) -> None:
        """A person zoomed: all plots show the same steps, and stay there while data comes."""
        self._zoomed = plot.steps()
        # The others follow in turns of their own: to set and paint all at once would hold the pointer up.
        self._redraw()
        self._ask_soon.start()

    def _ask(self) -> None:
        first, last = self._zoomed or (None, None)
        self.view_changed.emit(View(self._runs, self._phase, first, last, _RECORDS))

    def _redraw(self) -> None:
        """Draw all plots one after another; those that wait already keep their place."""
        self._to_draw += [name for name in self.plots if name not in self._to_draw]
        if not self._draw_soon.isActive():
            self._draw_soon.start()

    def _draw_one(self) -> None:
        """Draw one plot a turn of the event loop, so that the window stays quick."""
        if not self._to_draw:
            self._draw_soon.stop()
            return
        name, drawn = self._to_draw.pop(0), self._drawn
        plot = self.plots.get(name)
        if plot is None or plot.visibleRegion().isEmpty():
            if plot is not None:
                plot.stale = True  # it is drawn when it comes in sight
            return
        if self._zoomed is not None:
            plot.show_steps(*self._zoomed)
        elif drawn.bounds[1]:
            plot.set_steps(*drawn.bounds)
        colors = {run: run_color(place) for place, run in enumerate(self._runs)}
        curves = {run: drawn.curves[run, name] for run in self._runs if (run, name) in drawn.curves}
        share = (self.smoothing.value() / 100) ** 2 * _WIDEST_SMOOTHING
        plot.show_curves(curves, colors, share * (drawn.bounds[1] - drawn.bounds[0]), self.log_axis.isChecked())
        newest = [(drawn.newest.get(run, {}).get(name, float("nan")), colors[run]) for run in self._runs]
        plot.show_newest(newest)

    def _mark_all(self) -> None:
        marks = [mark for mark in self._marks if mark.phase == self._drawn.phase]
        for plot in self.plots.values():
            plot.show_marks(marks)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = event.size().width() < _NARROW
        if narrow != self._narrow:
            self._narrow = narrow
            self._label.setVisible(not narrow)  # the slider's tooltip says it too
            self._lay_out(list(self.plots))
