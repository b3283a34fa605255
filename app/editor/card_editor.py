"""Editing a setting in its place on the card: a real control over the painted value, for as long as it is needed."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit, QPlainTextEdit

from app.catalogue import SettingCard
from app.document import Document
from app.editor.card_layout import Hit
from app.editor.node_item import CardItem
from app.editor.viewer import LoomViewer
from app.panels.controls import ChoiceControl, Control, SeedControl, SwitchControl, make_control
from app.seeds import MERGE_KEY, draw
from app.theme import font
from core.graph.edits import SetDrawn, SetSetting

_SMALLEST = {True: (168, 80), False: (120, 28)}
"""Least width and height on the screen, for a text of several lines and for the rest, however far off the card is."""
_OWN_CTRL_KEYS = (
    Qt.Key.Key_A, Qt.Key.Key_C, Qt.Key.Key_V, Qt.Key.Key_X, Qt.Key.Key_Y, Qt.Key.Key_Z, Qt.Key.Key_Left,
    Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Backspace, Qt.Key.Key_Delete, Qt.Key.Key_Insert,
    Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Control,
)  # fmt: skip
"""With Ctrl, these edit the text; any other such key is a shortcut of the window, before which the edit is finished."""


class CardEditor(QObject):
    """One control at a time over a viewer.

    Ctrl+Enter, leaving the control, and Enter (but in a text of several lines) finish; Escape gives up.

    Attributes:
        control: The open control, or None.
    """

    def __init__(self, viewer: LoomViewer, document: Document) -> None:
        super().__init__(viewer)
        self._viewer, self._viewport, self._document = viewer, viewer.viewport(), document
        viewer.setting_asked.connect(self.open)
        viewer.button_clicked.connect(self._push)
        viewer.view_changed.connect(self._follow)
        document.edited.connect(self._check)
        document.replaced.connect(self.cancel)
        self.control: Control | None = None
        self._item: CardItem | None = None
        self._value: tuple[Any] | None = None

    def open(self, item: CardItem, setting: SettingCard) -> None:
        """Edit a shown setting of a card."""
        self.finish()
        value = item.node.settings.get(setting.name, setting.default)
        if isinstance(value, dict):
            return  # a sweep has no single value
        control = make_control(setting)
        if isinstance(control, SwitchControl):
            self._document.do(SetSetting(item.id, setting.name, not value))
            return
        control.show_value(value)
        if isinstance(control, SeedControl):
            control.show_buttons(False)  # the card has its own, beside the value
        control.setParent(self._viewport)
        control.setFont(font("font_card"))
        self._item, self.control, self._value = item, control, None
        field = control.focusProxy()
        assert field is not None
        if isinstance(field, QPlainTextEdit):
            field.setMinimumHeight(0)
            field.setMaximumHeight(16777215)
            field.setUndoRedoEnabled(True)  # until it is finished the text has a history of its own
        field.installEventFilter(self)
        control.changed.connect(self._take)
        self._follow()
        control.show()
        control.setFocus(Qt.FocusReason.OtherFocusReason)
        if isinstance(field, (QLineEdit, QPlainTextEdit, QAbstractSpinBox)):
            field.selectAll()
        if isinstance(control, ChoiceControl):
            control.field.showPopup()

    def _push(self, item: CardItem, hit: Hit) -> None:
        """Throw the dice of a seed, or turn its lock."""
        self.finish()
        name = hit.setting.name
        if isinstance(item.node.settings.get(name), dict):
            return  # as above
        if hit.part == "dice":
            self._document.do(SetSetting(item.id, name, draw(hit.setting)), MERGE_KEY)
        else:
            self._document.do(SetDrawn(item.id, name, name not in item.node.drawn))

    def _follow(self) -> None:
        """Lie over the painted value, wherever the view has moved it."""
        if self.control is None or self._item is None:
            return
        place = self._viewer.mapFromScene(self._item.place_of(self.control.setting)).boundingRect()
        width, height = _SMALLEST[self.control.setting.widget == "multiline"]
        width, height = max(place.width(), width), max(place.height(), height)
        room = self._viewport.rect().adjusted(4, 4, -4, -4)
        left = place.left() if width == place.width() else place.right() - width + 1  # within the card while it fits
        left = max(min(left, room.right() - width), room.left())
        top = max(min(place.top(), room.bottom() - height), room.top())
        self.control.setGeometry(left, top, width, height)

    def finish(self) -> None:
        """Give the value that was entered, if another one was, and close."""
        control, item, value = self.control, self._item, self._value
        self.cancel()
        if control is not None and item is not None and value is not None:
            self._document.do(SetSetting(item.id, control.setting.name, value[0]))

    def cancel(self) -> None:
        """Close without a change."""
        control, self.control, self._item, self._value = self.control, None, None, None
        if control is not None:
            control.changed.disconnect(self._take)
            held = control.isAncestorOf(QApplication.focusWidget() or self._viewport)
            control.hide()
            control.deleteLater()
            if held:
                self._viewer.setFocus()

    def _check(self) -> None:
        """Close when the edited node is gone."""
        if self._item is not None and self._item.id not in self._document.workflow.nodes:
            self.cancel()

    def _take(self, value: object) -> None:
        self._value = (value,)
        if isinstance(self.control, ChoiceControl):
            self.finish()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self.control is None:
            return False
        if isinstance(event, QFocusEvent) and event.lostFocus():
            away = event.reason() not in (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason)
            if away:
                self.finish()
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            window = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
            if window and event.key() not in _OWN_CTRL_KEYS:
                self.finish()
                return False
            event.accept()
            return True
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._press(event)
        return False

    def _press(self, event: QKeyEvent) -> bool:
        assert self.control is not None
        if event.key() == Qt.Key.Key_Escape:
            self.cancel()
            return True
        plain = self.control.setting.widget != "multiline"
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and (
            plain or event.modifiers() & Qt.KeyboardModifier.ControlModifier
        ):
            self.finish()
            return True
        return False
