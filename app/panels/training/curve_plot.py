"""One term's curves: a band of least and greatest values, the smoothed mean above it, and marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.panels.training.terms import term as about
from app.panels.training.words import number
from app.theme import font, theme
from training.watching.curve_table import Curve
from training.watching.run_details import Mark

HEIGHTS = (216, 480)
"""Pixels of a plot, in a small window and where there is room."""
_BAND_ALPHA, _BAND_ALPHA_ALONE = 70, 255
_MARK_COLORS = {"checkpoint": "field_border", "failed": "danger", "resumed": "warning"}
_MOST_MARKS = 40
Values = NDArray[np.float64]


class CurvePlot(QFrame):
    """The curves of one term.

    Attributes:
        term: Its name in metrics.jsonl.
        plot: pyqtgraph's plot.
        stale: Whether it has to be drawn anew once it is in sight.

    Signals:
        seen(): It came in sight and is stale.
        moved(): A person moved or zoomed the axis of steps.
        followed(): A person asked for all of it, by a double-click.
    """

    moved = Signal()
    followed = Signal()
    seen = Signal()

    def __init__(self, term: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("plotCard")
        self.term, self.stale = term, False
        self._value = _Readout()
        self._value.setObjectName("muted")
        self._title = QLabel(about(term).title)
        self._title.setObjectName("plotTitle")
        self.show_same([])
        head = QHBoxLayout()
        head.setContentsMargins(12, 8, 12, 0)
        head.setSpacing(10)
        head.addWidget(self._title)
        head.addWidget(self._value, 1)
        self.plot = pg.PlotWidget(background=None)
        self._dress()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 6, 4)
        layout.setSpacing(2)
        layout.addLayout(head)
        layout.addWidget(self.plot, 1)
        self.setMinimumHeight(HEIGHTS[0])
        self.setMaximumHeight(HEIGHTS[1])
        self._bands: dict[Path, pg.PlotCurveItem] = {}
        self._lines: dict[Path, pg.PlotCurveItem] = {}
        self._marks: list[pg.InfiniteLine] = []

    def show_curves(
        self, curves: Mapping[Path, Curve], colors: Mapping[Path, QColor], window: float, log: bool
    ) -> None:
        """Draw these curves, smoothed over `window` steps; values that have no logarithm are left out of a log axis."""
        self.plot.getAxis("left").setLogMode(y=log)
        ends: list[float] = []
        for run in self._bands.keys() - curves.keys():
            self.plot.removeItem(self._bands.pop(run))
            self.plot.removeItem(self._lines.pop(run))
        for run, curve in curves.items():
            if run not in self._bands:
                self._bands[run], self._lines[run] = pg.PlotCurveItem(), pg.PlotCurveItem()
                self.plot.addItem(self._bands[run])
                self.plot.addItem(self._lines[run])
            ends += self._draw(run, curve, colors[run], window, log)
        finite = [end for end in ends if np.isfinite(end)]
        if finite:
            low, high = min(finite), max(finite)
            room = (high - low) * 0.08 or abs(high) * 0.1 or 0.1
            self.plot.setYRange(low - room, high + room, padding=0)

    def show_same(self, terms: Sequence[str]) -> None:
        """Say what it tells, and which terms have the same curve and no plot of their own."""
        lines = [about(self.term).help, f"In the metrics: {self.term}."]
        if terms:
            lines.append(f"The same curve: {', '.join(terms)}.")
        self._title.setToolTip("\n".join(filter(None, lines)))

    def show_newest(self, values: Sequence[tuple[float, QColor]]) -> None:
        """Say the newest value of each run in its colour."""
        self._value.show_values([(number(value), color) for value, color in values if value == value])

    def show_marks(self, marks: Sequence[Mark]) -> None:
        """Draw vertical lines where something happened."""
        for line in self._marks:
            self.plot.removeItem(line)
        self._marks = []
        for mark in marks[-_MOST_MARKS:]:
            pen = pg.mkPen(theme().color(_MARK_COLORS.get(mark.kind, "card_border")), style=Qt.PenStyle.DashLine)
            line = pg.InfiniteLine(mark.step, pen=pen)
            line.setToolTip(mark.text)
            line.setZValue(-1)
            self.plot.addItem(line, ignoreBounds=True)
            self._marks.append(line)

    def set_steps(self, first: float, last: float) -> None:
        """Show the steps from `first` to `last` with a little room beside them; tells nobody."""
        self.plot.setXRange(first, max(last, first + 1), padding=0.01)

    def show_steps(self, first: float, last: float) -> None:
        """Put exactly these steps at the ends of the axis; tells nobody."""
        if self.steps() != (first, last):
            self.plot.setXRange(first, last, padding=0)

    def steps(self) -> tuple[float, float]:
        """The steps at the ends of the axis."""
        (first, last), _ = self.plot.viewRange()
        return float(first), float(last)

    def _draw(self, run: Path, curve: Curve, color: QColor, window: float, log: bool) -> list[float]:
        """Draw a band and a line; returns the least and greatest value in sight."""
        steps = curve.steps.astype(np.float64)
        low, high, mean = (_scaled(part, log) for part in (curve.low, curve.high, curve.mean))
        x, y = np.repeat(steps, 2), np.column_stack([low, high]).ravel()
        line = smoothed(steps, mean, window)
        smooths = window > 0
        faint = QColor(color)
        faint.setAlpha(_BAND_ALPHA if smooths else _BAND_ALPHA_ALONE)
        same = bool(np.array_equal(low, high, equal_nan=True))
        band_x, band_y = (steps, mean) if same else (x, y)
        known = np.isfinite(band_y)
        self._bands[run].setData(band_x[known], band_y[known], pen=pg.mkPen(faint, width=1))
        known = np.isfinite(line)
        self._lines[run].setData(steps[known], line[known], pen=pg.mkPen(color, width=1.6))
        self._lines[run].setVisible(smooths)
        seen = band_y[np.isfinite(band_y)]
        return [float(seen.min()), float(seen.max())] if len(seen) else []

    def _dress(self) -> None:
        look, item = theme(), self.plot.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        item.setContentsMargins(4, 4, 8, 2)
        box = item.getViewBox()
        box.setMouseEnabled(x=True, y=False)
        box.disableAutoRange()
        box.sigRangeChangedManually.connect(lambda *_: self.moved.emit())
        self.plot.scene().sigMouseClicked.connect(lambda event: self.followed.emit() if event.double() else None)
        item.showGrid(x=False, y=True, alpha=0.09)
        for side in ("left", "bottom"):
            axis = item.getAxis(side)
            axis.setPen(pg.mkPen(look.color("field_border")))
            axis.setTextPen(look.color("text_faint"))
            axis.setTickFont(font("font_small"))
            axis.enableAutoSIPrefix(False)
            axis.setStyle(tickLength=0, tickTextOffset=5, maxTickLevel=0)
        item.getAxis("left").setWidth(52)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.stale:
            self.stale = False
            self.seen.emit()


class _Readout(QLabel):
    """Values in a line, each in its colour; those that have no room are left out, and all stand in the tooltip."""

    def __init__(self) -> None:
        super().__init__()
        self._values: list[tuple[str, QColor]] = []
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setMinimumWidth(1)  # what has no room is left out, so it asks for none

    def show_values(self, values: Sequence[tuple[str, QColor]]) -> None:
        """Show these words, the most important first."""
        self._values = list(values)
        self.setToolTip("\n".join(words for words, _ in values))
        self._fit()

    def _fit(self) -> None:
        shown: list[str] = []
        metrics, room, gap = self.fontMetrics(), self.width(), "  "
        for place, (words, color) in enumerate(self._values):
            more = " …" if place + 1 < len(self._values) else ""
            room -= metrics.horizontalAdvance(words + (gap if place else ""))
            if room < metrics.horizontalAdvance(more):
                shown.append("…")
                break
            shown.append(f'<span style="color:{color.name()}">{words}</span>')
        self.setText("&nbsp; ".join(shown))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()


def smoothed(steps: Values, values: Values, window: float) -> Values:
    """The mean over `window` steps centred on each record; records without a value are passed over."""
    if window <= 0 or len(steps) < 3:
        return values
    known = np.isfinite(values)
    total = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    count = np.concatenate([[0], np.cumsum(known)])
    begin = np.searchsorted(steps, steps - window / 2)
    end = np.searchsorted(steps, steps + window / 2, "right")
    with np.errstate(invalid="ignore"):
        result: Values = (total[end] - total[begin]) / (count[end] - count[begin])
    return result


def _scaled(values: NDArray[np.float32], log: bool) -> Values:
    wide = values.astype(np.float64)
    if not log:
        return wide
    return np.log10(wide, out=np.full_like(wide, np.nan), where=wide > 0)
