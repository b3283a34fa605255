"""Finding a node in the workflow: by title, kind, category, or what its settings say."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QWidget

from app.editor.graph_view import GraphView
from app.editor.node_item import CardItem
from app.editor.search_popup import SearchPopup
from app.theme import theme
from core.graph.workflow import Note


class GraphSearch(SearchPopup):
    """A popup at the canvas' upper edge; what is chosen is the id of a node or a note that a person wants to see."""

    def __init__(self, parent: QWidget, view: GraphView) -> None:
        super().__init__(parent, "Find in this workflow", (300, 280))
        self._view, self._over = view, parent

    def ask(self) -> None:
        """Show it, empty."""
        self.open_at(self._over.mapToGlobal(QPoint((self._over.width() - self.width()) // 2, 12)))

    def search(self, text: str) -> None:
        """List the cards whose title, kind, category or settings hold every word, then frames and notes that do."""
        words = text.lower().split()
        for id, card in self._view.cards.items():
            if all(word in _searched(card) for word in words):
                self.add(id, card.title, theme().category(card.card.category))
        for id, item in self._view.areas.items():
            said = item.shown.text if isinstance(item.shown, Note) else item.shown.title
            if words and all(word in said.lower() for word in words):
                self.add(id, said.strip().splitlines()[0][:60], theme().color("text_faint"))


def _searched(card: CardItem) -> str:
    values = " ".join(str(value) for value in card.node.settings.values())
    return f"{card.title} {card.card.title} {card.card.category} {card.id} {values}".lower()
