"""A text field over a part of the canvas, for titles of frames and texts of notes."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit

from app.editor.viewer import LoomViewer
from app.theme import font


class TextOverlay(QObject):
    """One field at a time. Leaving it finishes, as does Enter in a single line and Ctrl+Enter; Escape gives up
    a change, but keeps what was written where there was nothing to go back to.

    Attributes:
        field: The open field, or None.
    """

    def __init__(self, viewer: LoomViewer) -> None:
        super().__init__(viewer)
        self._viewer = viewer
        self.field: QLineEdit | QPlainTextEdit | None = None
        self._place = QRectF()
        self._before = ""
        self._take: Callable[[str], None] = _nobody
        viewer.view_changed.connect(self._follow)

    def open(self, text: str, place: QRectF, take: Callable[[str], None], *, lines: bool) -> None:
        """Edit `text` over a place of the scene; `take` gets what was entered, if that is another text."""
        self.finish()
        field = QPlainTextEdit(text, self._viewer.viewport()) if lines else QLineEdit(text, self._viewer.viewport())
        field.setFont(font())
        field.installEventFilter(self)
        self.field, self._place, self._before = field, place, text
        self._take = lambda entered: take(entered) if entered != text else None
        self._follow()
        field.show()
        field.setFocus(Qt.FocusReason.OtherFocusReason)
        field.selectAll()

    def finish(self) -> None:
        """Give what was entered and close."""
        field, take = self.field, self._take
        self.cancel()
        if field is not None:
            take(_entered(field))

    def cancel(self) -> None:
        """Close without a change."""
        field, self.field, self._take = self.field, None, _nobody
        if field is not None:
            held = field.isAncestorOf(QApplication.focusWidget() or self._viewer) or field.hasFocus()
            field.removeEventFilter(self)
            field.hide()
            field.deleteLater()
            if held:
                self._viewer.setFocus()

    def _escape(self) -> None:
        if self.field is not None and not self._before.strip() and _entered(self.field).strip():
            self.finish()
        else:
            self.cancel()

    def _follow(self) -> None:
        if self.field is not None:
            place = self._viewer.mapFromScene(self._place).boundingRect()
            lines = isinstance(self.field, QPlainTextEdit)
            self.field.setGeometry(
                place.left(), place.top(), max(place.width(), 200), max(place.height(), 96 if lines else 30)
            )

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QFocusEvent) and event.lostFocus():
            if event.reason() not in (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
                self.finish()
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()  # letters and Delete belong to the text
            return True
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            held = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            if event.key() == Qt.Key.Key_Escape:
                self._escape()
                return True
            if enter and (held or isinstance(self.field, QLineEdit)):
                self.finish()
                return True
        return False


def _entered(field: QLineEdit | QPlainTextEdit) -> str:
    return field.toPlainText() if isinstance(field, QPlainTextEdit) else field.text()


def _nobody(_text: str) -> None:
    """Take no text: no field is open."""
