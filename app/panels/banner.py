"""The line above the canvas that says what went wrong, why, and what to do."""

from __future__ import annotations

import traceback

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from app.panels.widgets import small_button, wrapped_label
from app.theme import theme
from core.errors import InputError, LoomError


class Banner(QFrame):
    """A dismissible error.

    Attributes:
        escape: The Esc key; the window switches it off while Esc means Cancel.

    Signals:
        node_asked(str): A person wants to see the node at fault.
    """

    node_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._node: str | None = None
        self._what = wrapped_label("", "bannerTitle")
        self._why = wrapped_label("", "bannerWhy")
        self._fix = wrapped_label("", "bannerFix")
        self._more = QPlainTextEdit()
        self._more.setReadOnly(True)
        self._more.setFixedHeight(120)
        self._show = QPushButton("Show node")
        self._show.clicked.connect(self._ask_node)
        self._details = QPushButton("Details")
        self._details.setCheckable(True)
        self._details.toggled.connect(self._more.setVisible)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        for label in (self._what, self._why, self._fix):
            texts.addWidget(label)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addLayout(texts, 1)
        for button in (self._show, self._details, small_button("close", "Dismiss", self.dismiss)):
            line.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme().px("unit") * 2, theme().px("unit"), theme().px("unit"), theme().px("unit"))
        layout.addLayout(line)
        layout.addWidget(self._more)
        self.escape = QShortcut(QKeySequence("Esc"), self)
        self.escape.activated.connect(self.dismiss)
        self.hide()

    def show_error(self, error: LoomError, name: str = "") -> None:
        """Show an error at the node called `name`; of a program's mistake the traceback too, on request."""
        self._node = error.node
        self._what.setText(f"{name}: {error.what}" if name and f'"{name}"' not in error.what else error.what)
        self._why.setText(error.why)
        self._fix.setText(error.fix)
        expected = isinstance(error, InputError) or isinstance(error.__cause__, (LoomError, OSError))
        cause = None if expected else error.__cause__
        self._more.setPlainText("".join(traceback.format_exception(cause)) if cause else "")
        self._details.setVisible(cause is not None)
        self._details.setChecked(False)
        self._more.hide()
        self._show.setVisible(error.node is not None)
        self.show()

    def dismiss(self) -> None:
        """Put it away."""
        self.hide()

    @property
    def text(self) -> str:
        """The three parts as one text."""
        return " ".join(label.text() for label in (self._what, self._why, self._fix))

    def _ask_node(self) -> None:
        if self._node is not None:
            self.node_asked.emit(self._node)
