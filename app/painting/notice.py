"""A line above the easel that says what is the matter and offers the ways out; nothing happens until one is taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout

from app.panels.widgets import wrapped_label


class Notice(QFrame):
    """A text and buttons.

    Attributes:
        text: What is said; empty when hidden.
        buttons: The ways out, by their words.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("notice")
        self.text = ""
        self.buttons: dict[str, QPushButton] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(8)
        self._label = wrapped_label("", "help")
        self._row = QHBoxLayout()
        self._row.setSpacing(8)
        layout.addWidget(self._label)
        layout.addLayout(self._row)
        self.hide()

    def ask(self, text: str, ways: Sequence[tuple[str, Callable[[], object]]]) -> None:
        """Say something and offer ways out; each closes the notice and then does its work."""
        self.dismiss()
        self.text = text
        self._label.setText(text)
        for words, act in ways:
            button = QPushButton(words)
            button.clicked.connect(partial(self._take, act))
            self.buttons[words] = button
            self._row.addWidget(button)
        self._row.addStretch(1)
        self.show()

    def dismiss(self) -> None:
        """Say nothing any more."""
        self.text = ""
        self.buttons = {}
        while item := self._row.takeAt(0):
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.hide()

    def _take(self, act: Callable[[], object], _checked: bool = False) -> None:
        self.dismiss()
        act()
