"""The log: what happened when, newest last."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QBrush, QShowEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app.panels.widgets import panel_header, small_button
from app.theme import theme

_LIMIT = 500
PLAIN = "text_muted"
"""The colour of a line that is neither good nor bad news."""


class LogPanel(QWidget):
    """A bounded list of lines."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self._list = QListWidget()
        self._list.setFrameShape(QListWidget.Shape.NoFrame)
        self._list.setWordWrap(True)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(panel_header("LOG", small_button("reset", "Clear the log", self._list.clear)))
        layout.addWidget(self._list, 1)

    def say(self, text: str, color: str = PLAIN) -> None:
        """Add a line in a colour of the theme; the oldest go when there are too many."""
        item = QListWidgetItem(f"{datetime.now():%H:%M:%S}   {text}")
        item.setForeground(QBrush(theme().color(color)))
        item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        self._list.addItem(item)
        if self._list.count() > _LIMIT:
            self._list.takeItem(0)
        self._list.scrollToBottom()

    def showEvent(self, event: QShowEvent) -> None:
        """Open at the newest line: a list that was hidden did not scroll."""
        super().showEvent(event)
        QTimer.singleShot(0, self._list.scrollToBottom)

    def lines(self) -> list[str]:
        """All lines, oldest first."""
        return [self._list.item(row).text() for row in range(self._list.count())]
