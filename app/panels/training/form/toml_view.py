"""The draft as text: what a person types there becomes the draft as soon as it is a configuration."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from app.panels.training.form.draft import Draft


class TomlView(QPlainTextEdit):
    """A text that keeps what was typed while it is no configuration; the draft stays the last one that was.

    Attributes:
        problem: What is wrong with the text, or "".

    Signals:
        judged(): `problem` may be another.
    """

    judged = Signal()

    def __init__(self, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft, self.problem = draft, ""
        self.setObjectName("toml")
        self.setAccessibleName("As TOML")
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.textChanged.connect(self._take)

    def refresh(self) -> None:
        """Show the draft, unless a person is typing here or has left an error here."""
        if not self.problem and not self.hasFocus():
            self._show()

    def start_over(self) -> None:
        """Show the draft in place of whatever was typed."""
        self.problem = ""
        self._show()
        self.judged.emit()

    def _show(self) -> None:
        text = self._draft.to_toml()
        if self.toPlainText() != text:
            with QSignalBlocker(self):
                self.setPlainText(text)

    def _take(self) -> None:
        self.problem = self._draft.take_toml(self.toPlainText())
        self.judged.emit()
