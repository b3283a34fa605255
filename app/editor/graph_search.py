"""Finding a node in the workflow: by title, kind, category, or what its settings say."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app.editor.graph_view import GraphView
from app.editor.node_item import CardItem
from app.theme import category_dot, icon, theme
from core.graph.workflow import Note

_ID = Qt.ItemDataRole.UserRole
_SIZE = (300, 280)


class GraphSearch(QFrame):
    """A popup at the canvas' upper edge; Enter or a click goes to a node, the arrows step through what was found.

    Signals:
        chosen(str): A person wants to see this node or note.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget, view: GraphView) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("search_popup")
        self.setFixedSize(*_SIZE)
        self._view, self._over = view, parent
        self.field = QLineEdit()
        self.field.setObjectName("search")
        self.field.setPlaceholderText("Find in this workflow")
        self.field.addAction(icon("search", "text_faint"), QLineEdit.ActionPosition.LeadingPosition)
        self.field.textChanged.connect(self._filter)
        self.field.installEventFilter(self)
        self.list = QListWidget()
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.itemClicked.connect(self._take)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(self.field)
        layout.addWidget(self.list, 1)

    def ask(self) -> None:
        """Show it, empty."""
        self.field.clear()
        self._filter("")
        corner = QPoint((self._over.width() - self.width()) // 2, 12)
        self.move(self._over.mapToGlobal(corner))
        self.show()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def found(self) -> list[str]:
        """Ids of what answers the search, in order."""
        return [str(self.list.item(row).data(_ID)) for row in range(self.list.count())]

    def _filter(self, text: str) -> None:
        words = text.lower().split()
        self.list.clear()
        for id, card in self._view.cards.items():
            if all(word in _searched(card) for word in words):
                self._add(id, card.title, theme().category(card.card.category))
        for id, item in self._view.areas.items():
            said = item.shown.text if isinstance(item.shown, Note) else item.shown.title
            if words and all(word in said.lower() for word in words):
                self._add(id, said.strip().splitlines()[0][:60], theme().color("text_faint"))
        self.list.setCurrentRow(0)

    def _add(self, id: str, title: str, color: QColor) -> None:
        item = QListWidgetItem(category_dot(color), title)
        item.setData(_ID, id)
        self.list.addItem(item)

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


def _searched(card: CardItem) -> str:
    values = " ".join(str(value) for value in card.node.settings.values())
    return f"{card.title} {card.card.title} {card.card.category} {card.id} {values}".lower()
