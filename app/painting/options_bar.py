"""The brush's settings, above the easel."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QSpinBox, QWidget

from app.painting.tools import PaintOptions

LARGEST_BRUSH = 2048
SMALLEST_DEFAULT = 3
"""Pixels of the brush that is taken for the smallest pictures."""
_GAP = 4


class OptionsBar(QWidget):
    """Size, hardness, opacity and spacing of the brush, or the tolerance of a fill.

    Signals:
        changed(): A person changed one.
    """

    changed = Signal()

    def __init__(self, options: PaintOptions) -> None:
        super().__init__()
        self._options = options
        self._size_chosen = False
        self.diameter = self._field(
            "Size", " px", 1, LARGEST_BRUSH, "Diameter of the brush: [ and ], or Ctrl and the wheel"
        )
        self.hardness = self._field("Hard", " %", 0, 100, "How much of the brush is full before its edge falls off")
        self.opacity = self._field("Opacity", " %", 1, 100, "How strongly a stroke paints; strokes do not add up")
        self.spacing = self._field("Spacing", " %", 2, 200, "Distance of the brush's stamps, in parts of its size")
        self.tolerance = self._field("Tolerance", "", 0, 255, "How much colours may differ that are filled together")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(_GAP)
        self._columns = 2
        self._fields = (self.diameter, self.hardness, self.opacity, self.spacing, self.tolerance)
        self._offered: tuple[QSpinBox, ...] = self._fields[:-1]
        self.diameter.valueChanged.connect(self._choose_size)
        self.show_options()

    def show_options(self) -> None:
        """Show what is set."""
        brush = self._options.brush
        for field, value in (
            (self.diameter, brush.size), (self.hardness, brush.hardness * 100), (self.opacity, brush.opacity * 100),
            (self.spacing, brush.spacing * 100), (self.tolerance, self._options.tolerance),
        ):  # fmt: skip
            with QSignalBlocker(field):
                field.setValue(round(value))

    def _arrange(self, columns: int) -> None:
        """Lay the fields that are offered out in so many columns: in one row four are wider than a dock."""
        self._columns = columns
        for field in self._fields:
            self._grid.removeWidget(field)
        for place, field in enumerate(self._offered):
            self._grid.addWidget(field, place // columns, place % columns)
        for column in range(len(self._fields) + 1):
            self._grid.setColumnStretch(column, 1 if column == columns else 0)

    def show_for(self, tool: str, *, labels: bool) -> None:
        """Show the fields that matter to a tool; painting `labels`, there are no half values."""
        stamps = tool in ("brush", "eraser")
        wanted = (stamps, stamps and not labels, not labels, stamps, tool == "fill")
        self._offered = tuple(field for field, on in zip(self._fields, wanted, strict=True) if on)
        self._arrange(self._columns)
        for field in self._fields:
            field.setVisible(field in self._offered)

    def suit(self, width: int, height: int) -> None:
        """Take a brush of a tenth of a picture's shorter side, unless a person has chosen another size."""
        if not self._size_chosen:
            size = min(max(round(min(width, height) / 10), SMALLEST_DEFAULT), LARGEST_BRUSH)
            self._options.brush = replace(self._options.brush, size=float(size))
            self.show_options()

    def _choose_size(self) -> None:
        self._size_chosen = True

    def scale_size(self, factor: float) -> None:
        """Make the brush larger or smaller by a factor, by one pixel at least."""
        size = self._options.brush.size
        wanted = round(size * factor)
        step = 1 if factor > 1 else -1
        self.diameter.setValue(wanted if wanted != round(size) else round(size) + step)

    def _field(self, name: str, unit: str, low: int, high: int, help: str) -> QSpinBox:
        field = QSpinBox()
        field.setRange(low, high)
        field.setPrefix(f"{name} ")
        field.setSuffix(unit)
        field.setToolTip(help)
        field.setAccessibleName(name)
        field.setKeyboardTracking(False)
        field.lineEdit().setTextMargins(6, 0, 0, 0)  # a style sheet's padding does not reach the text here
        field.valueChanged.connect(self._take)
        return field

    def _take(self) -> None:
        self._options.brush = replace(
            self._options.brush, size=float(self.diameter.value()), hardness=self.hardness.value() / 100,
            opacity=self.opacity.value() / 100, spacing=self.spacing.value() / 100,
        )  # fmt: skip
        self._options.tolerance = self.tolerance.value()
        self.changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        stamps = self._fields[:-1]
        whole = sum(field.sizeHint().width() + _GAP for field in stamps)
        columns = len(stamps) if event.size().width() >= whole else 2
        if columns != self._columns:
            self._arrange(columns)
        super().resizeEvent(event)

    def minimumSizeHint(self) -> QSize:
        columns = [max(each.minimumSizeHint().width() for each in pair) for pair in self._pairs()]
        return QSize(sum(columns) + _GAP, super().minimumSizeHint().height())

    def _pairs(self) -> tuple[tuple[QSpinBox, QSpinBox], tuple[QSpinBox, QSpinBox]]:
        """The columns when there are two."""
        return (self.diameter, self.opacity), (self.hardness, self.spacing)
