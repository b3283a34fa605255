"""A line above the canvas that asks a question which can wait, with its answers as buttons."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QPushButton, QWidget

from app.panels.widgets import wrapped_label
from app.theme import theme

_NARROW = 520
"""Below this width, in pixels, a question beside its answers would have a line for each word."""
Answers = dict[str, Callable[[], None]]


class Offer(QFrame):
    """One question at a time; a newer one takes the place of an older one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("offer")
        unit = theme().px("unit")
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(2 * unit, unit, unit, unit)
        self._line.setSpacing(unit)
        self._label = wrapped_label("", "offerText")
        self._line.addWidget(self._label, 1)
        self._answers = QHBoxLayout()
        self._answers.setSpacing(unit)
        self._answers.addStretch(1)
        self._line.addLayout(self._answers)
        self.buttons: list[QPushButton] = []
        self.hide()

    @property
    def text(self) -> str:
        """The question."""
        return self._label.text()

    def ask(self, text: str, answers: Answers) -> None:
        """Show a question; each answer puts it away and calls what belongs to it. The first one is marked."""
        for button in self.buttons:
            button.hide()  # at once, so that the new ones have its place
            button.deleteLater()
        self._label.setText(text)
        self.buttons = []
        for words, act in answers.items():
            button = QPushButton(words)
            button.setDefault(not self.buttons)
            button.clicked.connect(self._answer(act))
            self._answers.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
            self.buttons.append(button)
        self.show()

    def _answer(self, act: Callable[[], None]) -> Callable[[], None]:
        def answer() -> None:
            self.hide()
            act()

        return answer

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the answers below the question where there is little room beside it."""
        narrow = self.width() < _NARROW
        self._line.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)
        super().resizeEvent(event)
