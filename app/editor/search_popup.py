"""A small search window over the canvas: type a few letters, step with the arrows, take one with Enter."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app.theme import category_dot, icon

_ID = Qt.ItemDataRole.UserRole
_LEAST = 240
"""A window lower than this, in pixels, does not bound the popup."""


class SearchPopup(QFrame):
    """A popup with a search field and what matches; those who use it fill the list in `search`.

    Attributes:
        field: What to search for.
        list: What matches.

    Signals:
        chosen(str): A person took the entry of this id.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget, hint: str, size: tuple[int, int]) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._parent, self._size = parent, QSize(*size)
        self.setObjectName("search_popup")
        self.field = QLineEdit()
        self.field.setObjectName("search")
        self.field.setPlaceholderText(hint)
        self.field.addAction(icon("search", "text_faint"), QLineEdit.ActionPosition.LeadingPosition)
        self.field.textChanged.connect(self._filter)
        self.field.installEventFilter(self)
        self.list = QListWidget()
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.itemClicked.connect(self._take)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(self.field)
        layout.addWidget(self.list, 1)

    def search(self, text: str) -> None:
        """Add what answers `text` to the empty list."""
        raise NotImplementedError

    def open_at(self, place: QPoint) -> None:
        """Show it with an empty field, its corner at a place on the screen, or as near as window and screen hold it."""
        self.field.clear()
        self._filter("")
        room = self._room()
        self.setFixedSize(self._size.boundedTo(room.size()))
        left = min(place.x(), room.right() + 1 - self.width())
        top = min(place.y(), room.bottom() + 1 - self.height())
        self.move(max(left, room.left()), max(top, room.top()))
        self.show()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def found(self) -> list[str]:
        """Ids of what answers the search, in order."""
        return [str(self.list.item(row).data(_ID)) for row in range(self.list.count())]

    def add(self, id: str, title: str, color: QColor, help: str = "") -> None:
        """Add one entry."""
        item = QListWidgetItem(category_dot(color), title)
        item.setData(_ID, id)
        item.setToolTip(help)
        self.list.addItem(item)

    def _room(self) -> QRect:
        """Where it may lie: on the window, or on the whole screen where it would be much too small there."""
        window = self._parent.window()
        screen = window.screen().availableGeometry()
        seen = screen.intersected(window.frameGeometry())
        return seen if seen.width() >= self._size.width() and seen.height() >= _LEAST else screen

    def _filter(self, text: str) -> None:
        self.list.clear()
        self.search(text)
        self.list.setCurrentRow(0)

    def _take(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.hide()
            self.chosen.emit(str(item.data(_ID)))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        if step is not None:
            self.list.setCurrentRow(min(max(self.list.currentRow() + step, 0), self.list.count() - 1))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take(self.list.currentItem())
        else:
            return False
        return True
