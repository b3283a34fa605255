"""The library: every kind of node by category, searchable; double-click or drag adds one."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import QBrush, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from app.catalogue import Catalogue, NodeCard, answering
from app.editor.viewer import NODE_MIME
from app.panels.widgets import HistoryKeys, panel_header
from app.theme import category_dot, font, icon, theme

_KIND = Qt.ItemDataRole.UserRole


class NodeTree(QTreeWidget):
    """The list; its items carry their kind when dragged.

    Signals:
        taken(QTreeWidgetItem): Return was pressed on an item.
    """

    taken = Signal(QTreeWidgetItem)

    def mimeTypes(self) -> list[str]:
        return [NODE_MIME]

    def mimeData(self, items: list[QTreeWidgetItem]) -> QMimeData:  # type: ignore[override]  # a list, not a sequence
        mime = QMimeData()
        kinds = [item.data(0, _KIND) for item in items if item.data(0, _KIND)]
        if kinds:
            mime.setData(NODE_MIME, str(kinds[0]).encode())
        return mime

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentItem() is not None:
            self.taken.emit(self.currentItem())
            return
        super().keyPressEvent(event)


class LibraryPanel(QWidget):
    """Search field and list.

    Attributes:
        search: The search field.
        tree: The list.

    Signals:
        chosen(str): A person wants a node of this kind.
    """

    chosen = Signal(str)

    def __init__(self, catalogue: Catalogue, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self._catalogue = catalogue
        self.search = QLineEdit()
        self.search.setObjectName("search")
        self.search.setPlaceholderText("Search nodes")
        self.search.setClearButtonEnabled(True)
        self.search.addAction(icon("search", "text_faint"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.installEventFilter(HistoryKeys(self))
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._take_first)
        self.tree = NodeTree()
        self.tree.setHeaderHidden(True)
        self.tree.setIndentation(0)  # a row's highlight would be notched where the indentation ends
        self.tree.setRootIsDecorated(False)
        self.tree.setDragEnabled(True)
        self.tree.setFrameShape(QTreeWidget.Shape.NoFrame)
        self.tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # Not itemActivated beside it: a double-click emits both, and would add two nodes.
        self.tree.itemDoubleClicked.connect(self._take)
        self.tree.taken.connect(self._take)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(panel_header("NODES"))
        inner = QVBoxLayout()
        inner.setContentsMargins(12, 0, 8, 8)
        inner.setSpacing(8)
        inner.addWidget(self.search)
        inner.addWidget(self.tree, 1)
        layout.addLayout(inner, 1)
        self.set_catalogue(catalogue)

    def set_catalogue(self, catalogue: Catalogue) -> None:
        """List these kinds of nodes, keeping the search."""
        self._catalogue = catalogue
        self._filter(self.search.text())

    def focus_search(self) -> None:
        """Put the keyboard into the search field."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def visible_kinds(self) -> list[str]:
        """Kinds that the search leaves, in order."""
        groups = [self.tree.topLevelItem(row) for row in range(self.tree.topLevelItemCount())]
        items = [group.child(row) for group in groups if group is not None for row in range(group.childCount())]
        return [str(item.data(0, _KIND)) for item in items]

    def _filter(self, text: str) -> None:
        """List what answers: the category with the nearest kind first, and the nearest first in each."""
        self.tree.clear()
        groups: dict[str, QTreeWidgetItem] = {}
        for card in answering(self._catalogue.all(), text):
            group = groups.get(card.category)
            if group is None:
                group = groups[card.category] = QTreeWidgetItem(self.tree, [card.category])
                group.setFlags(Qt.ItemFlag.ItemIsEnabled)
                group.setForeground(0, QBrush(theme().color("text_faint")))
                group.setFont(0, font("font_small", bold=True))
            group.addChild(_item(card))
        self.tree.expandAll()

    def _take(self, item: QTreeWidgetItem) -> None:
        if item.data(0, _KIND):
            self.chosen.emit(item.data(0, _KIND))

    def _take_first(self) -> None:
        kinds = self.visible_kinds()
        if kinds and self.search.text().strip():
            self.chosen.emit(kinds[0])


def _item(card: NodeCard) -> QTreeWidgetItem:
    item = QTreeWidgetItem([card.title])
    item.setData(0, _KIND, card.id)
    item.setToolTip(0, f"{card.summary}\n\nDouble-click or drag to add.")
    item.setIcon(0, category_dot(theme().category(card.category)))
    return item
