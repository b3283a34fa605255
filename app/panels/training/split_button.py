"""A button with more ways to do what it does: the arrow at its end opens a menu, a line of help below each entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QFrame, QLabel, QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidgetAction

_HELP_WIDTH = 320


class Way(NamedTuple):
    """An entry of the menu: what it asks for, its title, and what that means."""

    command: str
    title: str
    help: str


class SplitButton(QToolButton):
    """Asks for the first of its ways when it is pressed.

    Attributes:
        ways: The entries of the menu, by command.
    """

    def __init__(self, text: str, ways: tuple[Way, ...], ask: Callable[[str], object]) -> None:
        super().__init__()
        self.setObjectName("split")
        self.setText(text)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Minimum)
        self._menu = QMenu(self)
        self.ways: dict[str, QWidgetAction] = {}
        for command, title, words in ways:
            entry = self.ways[command] = QWidgetAction(self._menu)
            entry.setText(title)
            entry.setDefaultWidget(_Entry(title, words))
            entry.triggered.connect(lambda _=False, command=command: ask(command))
            self._menu.addAction(entry)
        self.clicked.connect(lambda: ask(ways[0].command))
        self.offer_ways(True)

    def offer_ways(self, on: bool) -> None:
        """Have the arrow and its menu, or be a plain button."""
        if on is (self.menu() is not None):
            return
        modes = QToolButton.ToolButtonPopupMode
        self.setMenu(self._menu if on else None)  # type: ignore[arg-type]  # the stubs know no way to take it off
        self.setPopupMode(modes.MenuButtonPopup if on else modes.DelayedPopup)
        self.style().unpolish(self)  # the arrow's place depends on the mode
        self.style().polish(self)
        self.updateGeometry()


class _Entry(QFrame):
    """What an entry looks like; the menu itself hears clicks and keys, which go past this.

    The menu gives the focus to the entry that is chosen by keys, and a pointer that is over one chooses it, too.
    """

    def __init__(self, title: str, words: str) -> None:
        super().__init__()
        self.setObjectName("menuEntry")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(title)
        self.setAccessibleDescription(words)
        help_line = QLabel(words)
        help_line.setObjectName("help")
        help_line.setWordWrap(True)
        help_line.setFixedWidth(_HELP_WIDTH)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 12, 8)
        column.setSpacing(2)
        column.addWidget(QLabel(title))
        column.addWidget(help_line)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.setFocus(Qt.FocusReason.MouseFocusReason)
