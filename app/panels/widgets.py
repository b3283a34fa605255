"""Small pieces that the panels share."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QCursor, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from app.theme import icon, theme


class HistoryKeys(QObject):
    """Leaves Ctrl+Z and Ctrl+Y to the window: text fields would undo within themselves, past the one history."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        keys = (QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo)
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and any(event.matches(key) for key in keys)
        ):
            event.ignore()
            return True
        return super().eventFilter(watched, event)


class _Wheel(QObject):
    """Leaves the wheel to what scrolls around a field."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel:
            event.ignore()
            return True
        return super().eventFilter(watched, event)


def leave_wheel(field: QWidget) -> None:
    """Let the wheel scroll the page over a box, rather than choose another value: nobody means that by scrolling."""
    field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    field.installEventFilter(_Wheel(field))


def small_button(name: str, tip: str, slot: Callable[[], object] | None = None) -> QToolButton:
    """A square icon button as high as a field."""
    button = QToolButton()
    dress_small(button, name, tip)
    if slot is not None:
        button.clicked.connect(lambda: slot())
    return button


def dress_small(button: QToolButton, name: str, tip: str) -> None:
    """Make a button square and as high as a field, with an icon and a tip."""
    button.setIcon(icon(name, "text_muted"))
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    side = theme().px("control")
    button.setFixedSize(side, side)
    button.setIconSize(QSize(16, 16))


def forget_hover(button: QToolButton) -> None:
    """Show a button as it is: Qt tells it nothing of a pointer that left while a menu or another window was above."""
    button.setDown(False)
    inside = button.isVisible() and button.rect().contains(button.mapFromGlobal(QCursor.pos()))
    button.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, inside)
    button.update()


def panel_header(text: str, *buttons: QWidget) -> QWidget:
    """A panel's title line, with buttons at its right."""
    line = QWidget()
    layout = QHBoxLayout(line)
    layout.setContentsMargins(theme().px("unit") * 2, theme().px("half"), theme().px("unit"), theme().px("half"))
    layout.setSpacing(theme().px("half"))
    title = QLabel(text)
    title.setObjectName("panelTitle")
    layout.addWidget(title)
    layout.addStretch(1)
    for button in buttons:
        layout.addWidget(button)
    line.setFixedHeight(40)
    return line


def rule() -> QFrame:
    """A thin horizontal line between panels."""
    line = QFrame()
    line.setObjectName("rule")
    return line


def wrapped_label(text: str, name: str) -> QLabel:
    """A label that breaks its lines and may be selected; `name` picks its style."""
    label = QLabel(text)
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
    return label
