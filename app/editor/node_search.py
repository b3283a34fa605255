"""The small search window on the canvas: type a few letters, Enter adds the node."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QWidget

from app.catalogue import NodeCard, PortCard, answering, fits
from app.editor.search_popup import SearchPopup
from app.theme import theme


class NodeSearch(SearchPopup):
    """A popup with the kinds of node that match; what is chosen is a kind."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, "", (260, 420))
        self._cards: Sequence[NodeCard] = ()

    def ask(self, cards: Sequence[NodeCard], at: QPoint, hint: str) -> None:
        """Offer these kinds, the likeliest first, at a place on the screen; the hint says what for."""
        self._cards = cards
        self.field.setPlaceholderText(hint)
        self.open_at(at)

    def search(self, text: str) -> None:
        """List the kinds that answer, the nearest first."""
        for card in answering(self._cards, text):
            self.add(card.id, card.title, theme().category(card.category), card.summary)


def fitting_port(port: PortCard, card: NodeCard, *, outgoing: bool) -> PortCard | None:
    """The port of a `card` that a link from `port` (an output, if `outgoing`) would best end at, or None."""
    if outgoing:
        fitting = [each for each in card.inputs if fits(port, each)]
    else:
        fitting = [each for each in card.outputs if fits(each, port)]
    exact = [each for each in fitting if each.kinds[0] == port.kinds[0]]
    return next(iter([each for each in exact if not each.optional] + exact + fitting), None)
