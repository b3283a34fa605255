"""Every shortcut on one sheet, made of the actions themselves so that it cannot lag behind them."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.actions import ACTIONS, ActionSpec

_MOUSE = (
    ("Wheel", "Zoom"),
    ("Middle button", "Move the view"),
    ("Drag from a port", "Draw a link; or a new node"),
    ("Card onto a link", "Put it in between"),
    ("Alt Shift drag", "Cut links"),
    ("Double-click", "Edit, or search for a node"),
)
_COLUMNS = 3


class ShortcutSheet(QDialog):
    """The sheet; any click or Esc closes it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Shortcuts")
        groups: dict[str, list[tuple[str, str]]] = {}
        for spec in ACTIONS:
            if spec.shortcut:
                groups.setdefault(spec.menu, []).append((_keys(spec), spec.text.rstrip("…")))
        columns: list[QVBoxLayout] = [QVBoxLayout() for _ in range(_COLUMNS)]
        heights = [0] * _COLUMNS
        for title, rows in [*groups.items(), ("Mouse", list(_MOUSE))]:
            shortest = heights.index(min(heights))
            columns[shortest].addWidget(_group(title, rows))
            heights[shortest] += len(rows) + 2
        line = QHBoxLayout(self)
        line.setContentsMargins(24, 12, 24, 20)
        line.setSpacing(28)
        for column in columns:
            column.setSpacing(8)
            column.addStretch(1)
            line.addLayout(column)


def _keys(spec: ActionSpec) -> str:
    return QKeySequence(spec.shortcut).toString(QKeySequence.SequenceFormat.NativeText)


def _group(title: str, rows: Iterable[tuple[str, str]]) -> QWidget:
    group = QWidget()
    grid = QGridLayout(group)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setVerticalSpacing(5)
    grid.setHorizontalSpacing(16)
    heading = QLabel(title.upper())
    heading.setObjectName("panelTitle")
    heading.setContentsMargins(0, 8, 0, 4)
    grid.addWidget(heading, 0, 0, 1, 2)
    for row, (keys, text) in enumerate(rows, start=1):
        key, words = QLabel(keys), QLabel(text)
        key.setObjectName("keys")
        words.setObjectName("muted")
        grid.addWidget(key, row, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(words, row, 1, Qt.AlignmentFlag.AlignTop)
    grid.setColumnMinimumWidth(0, 132)
    grid.setColumnMinimumWidth(1, 160)
    grid.setColumnStretch(1, 1)
    return group
