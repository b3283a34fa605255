"""The list of runs: name, state, progress and age, with search; several may be chosen to compare them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.panels.training.words import STATE_COLORS, age, progress
from app.panels.widgets import panel_header
from app.theme import font, icon, theme
from training.watching.run_state import RunState

_STATE = Qt.ItemDataRole.UserRole
_MARK = Qt.ItemDataRole.UserRole + 1


def run_color(place: int) -> QColor:
    """The colour of the chosen run number `place`, counted from 0."""
    colors = theme().runs
    return QColor(colors[place % len(colors)])


class RunList(QWidget):
    """Search, list, and the button for a new run.

    Attributes:
        search: The search field.
        rows: The list.
        new: The button for a new run.

    Signals:
        chosen(object): These runs, tuple[Path, ...], are to be shown; the one chosen first comes first.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self._order: list[Path] = []
        self.new = QPushButton("New run")
        self.search = QLineEdit()
        self.search.setObjectName("search")
        self.search.setPlaceholderText("Search runs")
        self.search.setClearButtonEnabled(True)
        self.search.addAction(icon("search", "text_faint"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.textChanged.connect(self._filter)
        self.rows = QListWidget()
        self.rows.setAccessibleName("Runs")
        self.rows.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.rows.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.rows.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.rows.setItemDelegate(_RunDelegate(self.rows))
        self.rows.itemSelectionChanged.connect(self._choose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(panel_header("RUNS", self.new))
        inner = QVBoxLayout()
        inner.setContentsMargins(12, 0, 8, 8)
        inner.setSpacing(8)
        inner.addWidget(self.search)
        inner.addWidget(self.rows, 1)
        layout.addLayout(inner, 1)

    def show_states(self, states: Sequence[RunState]) -> None:
        """Show these runs in this order, keeping what is chosen."""
        known = {item.data(_STATE).path: item for item in self._items()}
        with QSignalBlocker(self.rows):
            for path in known.keys() - {state.path for state in states}:
                self.rows.takeItem(self.rows.row(known.pop(path)))
            for state in states:
                item = known.get(state.path)
                if item is None:
                    item = QListWidgetItem(self.rows)
                item.setData(_STATE, state)
                item.setToolTip(str(state.path))
                item.setText(state.name)
        self._filter(self.search.text())

    def choose(self, path: Path) -> None:
        """Choose one run alone."""
        for item in self._items():
            if item.data(_STATE).path == path:
                self.rows.setCurrentItem(item)

    @property
    def runs(self) -> tuple[Path, ...]:
        """The chosen runs, the one chosen first at the front."""
        return tuple(self._order)

    def refresh_ages(self) -> None:
        """Paint anew, as ages grow."""
        self.rows.viewport().update()

    def _items(self) -> list[QListWidgetItem]:
        return [self.rows.item(row) for row in range(self.rows.count())]

    def _filter(self, text: str) -> None:
        words = text.lower().split()
        for item in self._items():
            state: RunState = item.data(_STATE)
            searched = f"{state.name} {state.state} {state.phase}".lower()
            item.setHidden(not all(word in searched for word in words))

    def _choose(self) -> None:
        now = {item.data(_STATE).path: item for item in self.rows.selectedItems()}
        self._order = [path for path in self._order if path in now]
        self._order += [path for path in now if path not in self._order]
        for item in self._items():
            path = item.data(_STATE).path
            item.setData(_MARK, self._order.index(path) if path in now else None)
        self.chosen.emit(self.runs)


class _RunDelegate(QStyledItemDelegate):
    """Paints a run in two lines, with a progress line below."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(100, 56)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        state, mark, look = index.data(_STATE), index.data(_MARK), theme()
        rect = QRect(option.rect).adjusted(0, 1, 0, -1)
        flags = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if flags & QStyle.StateFlag.State_Selected or flags & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(look.color("selection" if flags & QStyle.StateFlag.State_Selected else "hover"))
            painter.drawRoundedRect(rect, look.px("radius"), look.px("radius"))
        if mark is not None:
            painter.setBrush(run_color(mark))
            painter.drawRoundedRect(QRect(rect.left() + 4, rect.top() + 10, 3, rect.height() - 20), 1.5, 1.5)
        color = look.color(STATE_COLORS.get(state.state, "text_faint"))
        painter.setBrush(color)
        painter.drawEllipse(rect.right() - 17, rect.top() + 13, 7, 7)
        inner = rect.adjusted(14, 7, -24, -10)
        painter.setPen(look.color("text"))
        painter.setFont(font(bold=True))
        name = painter.fontMetrics().elidedText(state.name, Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, Qt.AlignmentFlag.AlignTop, name)
        painter.setFont(font("font_small"))
        painter.setPen(look.color("text_muted"))
        low = rect.adjusted(14, 7, -10, -10)
        when = age(time.time() - state.heartbeat) if state.heartbeat else ""
        wide = painter.fontMetrics().horizontalAdvance(when)
        words = painter.fontMetrics().elidedText(progress(state), Qt.TextElideMode.ElideRight, low.width() - wide - 10)
        painter.drawText(low, Qt.AlignmentFlag.AlignBottom, words)
        painter.setPen(look.color("text_faint"))
        painter.drawText(low, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignRight, when)
        if state.alive and state.steps:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.color("field_border"))
            line = QRect(low.left(), rect.bottom() - 5, low.width(), 2)
            painter.drawRect(line)
            painter.setBrush(color)
            painter.drawRect(QRect(line.left(), line.top(), round(line.width() * state.step / state.steps), 2))
        painter.restore()
