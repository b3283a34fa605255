"""The painter's menu: what is done to the whole, files, and how the painting is looked at."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction, QActionGroup, QColor, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSpinBox, QToolButton, QWidget, QWidgetAction

from app.painting.commands import Commands
from app.painting.surface import VIEWS, View
from app.panels.widgets import dress_small, forget_hover
from app.theme import category_dot

COLORS = {"Red": "#F25C5C", "Green": "#58C878", "Blue": "#5C8CF2", "Yellow": "#F2D25C", "Magenta": "#E05CF2"}
_VIEW_WORDS: dict[View, str] = {"overlay": "Over the picture", "mask": "By itself", "result": "What is kept"}
_ALL = frozenset(("mask", "semantic_map", "sketch", "boxes"))
_PAINT = _ALL - {"boxes"}
_NUMBERS = frozenset(("mask", "semantic_map"))
"""What is a picture of grey values in files: a sketch's colours are not."""
_MASK = frozenset(("mask",))
_VIEWED: dict[View, frozenset[str]] = {"overlay": _NUMBERS, "mask": _NUMBERS, "result": _MASK}


class MaskMenu(QToolButton):
    """The button with the menu; its shortcuts hold in all of `owner`.

    Attributes:
        view: How the painting is looked at.
        color: In which colour a mask lies over the picture.

    Signals:
        look_changed(): A person chose another view or colour.
    """

    look_changed = Signal()

    def __init__(self, commands: Commands, owner: QWidget) -> None:
        super().__init__()
        dress_small(self, "more", "Edit the whole, files, view")
        self._commands, self._owner = commands, owner
        self.view: View = "overlay"
        self.color = QColor(COLORS["Red"])
        self._kinds: dict[QAction, frozenset[str]] = {}
        self._views: dict[View, QAction] = {}
        menu = QMenu(self)
        self._add_edits(menu)
        self._add_files(menu)
        self._add_looks(menu)
        menu.aboutToHide.connect(lambda: QTimer.singleShot(0, self, lambda: forget_hover(self)))
        self.setMenu(menu)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

    def suit(self, kind: str, *, over_picture: bool) -> None:
        """Offer what makes sense for a kind of painting ("mask", "semantic_map", "sketch" or "boxes")."""
        for action, kinds in self._kinds.items():
            action.setVisible(kind in kinds)  # its shortcut does nothing then
        if not over_picture and kind != "mask":
            for action in self._views.values():
                action.setVisible(False)  # there is one way to look at it
        if not self._views[self.view].isVisible():
            self.view = "overlay"
        self._views[self.view].setChecked(True)

    def look(self, view: View | None = None, color: str | None = None) -> None:
        """Look at the painting in another way, or at a mask in another colour."""
        self.view = view or self.view
        self.color = QColor(color) if color else self.color
        self.look_changed.emit()

    def _add_edits(self, menu: QMenu) -> None:
        act = self._commands
        self._add(menu, "Invert", act.invert, _MASK, "Ctrl+I")
        self._add(menu, "Clear", act.clear, _ALL, "Shift+Del")
        self._add(menu, "Paint everything", act.fill, _PAINT)
        menu.addSeparator()
        edge = self._edge_field(menu)
        menu.addAction(edge)
        self._kinds[edge] = _MASK
        for words, slot in (("Grow", act.grow), ("Shrink", act.shrink), ("Feather", act.feather)):
            self._add(menu, words, slot, _MASK)
        menu.addSeparator()

    def _add_files(self, menu: QMenu) -> None:
        act = self._commands
        self._add(menu, "Import…", act.ask_import, _NUMBERS)
        self._add(menu, "Export…", act.ask_export, _NUMBERS)
        self._add(menu, "Export the picture, painted parts see-through…", lambda: act.ask_export(alpha=True), _MASK)
        self._add(menu, "Copy", act.copy, _NUMBERS, "Ctrl+C")
        self._add(menu, "Paste", act.paste, _NUMBERS, "Ctrl+V")
        menu.addSeparator()

    def _add_looks(self, menu: QMenu) -> None:
        group = QActionGroup(menu)
        for view in VIEWS:
            action = self._views[view] = self._add(menu, _VIEW_WORDS[view], partial(self.look, view), _VIEWED[view])
            action.setCheckable(True)
            action.setChecked(view == self.view)
            group.addAction(action)
        colors = menu.addMenu("Colour")
        self._kinds[colors.menuAction()] = _MASK
        for words, color in COLORS.items():
            action = self._add(colors, words, partial(self.look, None, color), _MASK)
            action.setIcon(category_dot(QColor(color)))

    def _add(
        self, menu: QMenu, words: str, slot: Callable[[], object], kinds: frozenset[str], key: str = ""
    ) -> QAction:
        """Add an action for these kinds of painting."""
        action = menu.addAction(words)
        action.triggered.connect(lambda _=False: slot())
        self._kinds[action] = kinds
        if key:
            action.setShortcut(QKeySequence(key))
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            self._owner.addAction(action)
        return action

    def _edge_field(self, menu: QMenu) -> QWidgetAction:
        field = QSpinBox()
        field.setRange(1, 512)
        field.setValue(self._commands.edge)
        field.setPrefix("Edge by ")
        field.setSuffix(" px")
        field.valueChanged.connect(lambda value: setattr(self._commands, "edge", value))
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(16, 4, 16, 4)
        row.addWidget(field)
        action = QWidgetAction(menu)
        action.setDefaultWidget(holder)
        return action
