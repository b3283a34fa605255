"""Where a drag of the mouse leaves things becomes one edit; a card dropped on a link is put between its ends."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, QPointF, QRectF

from app.catalogue import NodeCard, PortCard, fits
from app.document import Document
from app.editor.area_items import AreaItem
from app.editor.graph_view import GraphView
from app.editor.link_item import LinkItem
from app.editor.node_item import CardItem
from app.editor.placement import snapped
from app.editor.viewer import LoomViewer
from core.graph.edits import Connect, Group, MoveNodes, PutFrame, PutNote
from core.graph.workflow import Edit, Frame, Link, Note, Point


class Moving(QObject):
    """Follows drags on the canvas."""

    def __init__(self, viewer: LoomViewer, view: GraphView, document: Document) -> None:
        super().__init__(viewer)
        self._viewer, self._view, self._document = viewer, view, document
        self._lit: LinkItem | None = None
        viewer.dragging.connect(self._follow)
        viewer.dragged.connect(self._drop)

    def link_below(self, card: CardItem) -> tuple[Link, LinkItem] | None:
        """The link that a card without links lies on and fits between, or None."""
        if card.links():
            return None
        for link, item in self._view.links.values():
            if item.crosses(card.outline()) and between(link, item, card.id, card.card):
                return link, item
        return None

    def link_at(self, place: QPointF, card: NodeCard) -> Link | None:
        """The link at a scene position that a node of this kind fits between, or None."""
        near = QRectF(place - QPointF(12, 12), place + QPointF(12, 12))
        for link, item in self._view.links.values():
            if item.crosses(near) and between(link, item, "", card):
                return link
        return None

    def _follow(self) -> None:
        """Light the link that the dragged card would be put into."""
        cards = [item for item in self._viewer.scene().selectedItems() if isinstance(item, CardItem)]
        found = self.link_below(cards[0]) if len(cards) == 1 else None
        lit = found[1] if found else None
        if lit is not self._lit:
            self._dim()
            self._lit = lit
            if lit is not None:
                lit.highlight()

    def _dim(self) -> None:
        if self._lit is not None and self._lit.scene() is not None:
            self._lit.reset()
        self._lit = None

    def _drop(self) -> None:
        self._dim()
        workflow, moved = self._document.workflow, dict[str, Point]()
        selected = self._viewer.scene().selectedItems()
        cards = [item for item in selected if isinstance(item, CardItem) and item.id in workflow.nodes]
        for card in self._view.cards.values():
            if (card.x(), card.y()) != workflow.nodes[card.id].position:
                place = snapped(card.pos())
                card.setPos(*place)
                if place != workflow.nodes[card.id].position:
                    moved[card.id] = place
        edits: list[Edit] = [MoveNodes(moved)] if moved else []
        edits += [edit for item in self._view.areas.values() if (edit := self._area_edit(item))]
        found = self.link_below(cards[0]) if len(cards) == 1 and moved else None
        if found is not None:
            edits += between(found[0], found[1], cards[0].id, cards[0].card)
        if edits:
            self._document.do(edits[0] if len(edits) == 1 else Group(tuple(edits)))

    def _area_edit(self, item: AreaItem) -> Edit | None:
        position, size = item.place()
        shown = item.shown
        if (position, size) == (shown.position, shown.size):
            item.show_area(shown)
            return None
        if isinstance(shown, Frame):
            return PutFrame(replace(shown, position=position, size=size))
        assert isinstance(shown, Note)
        return PutNote(replace(shown, position=position, size=size))


def between(link: Link, item: LinkItem, id: str, card: NodeCard) -> list[Edit]:
    """The edits that put node `id` between a link's ends, or none where its ports do not fit there."""
    source, target = item.output_port.card, item.input_port.card
    entry = _best([port for port in card.inputs if fits(source, port)], source)
    leave = _best([port for port in card.outputs if fits(port, target)], target)
    if entry is None or leave is None or id in (link.source, link.target):
        return []
    return [
        Connect(Link(link.source, link.output, id, entry.name)),
        Connect(Link(id, leave.name, link.target, link.input)),
    ]


def _best(ports: list[PortCard], wanted: PortCard) -> PortCard | None:
    """The port of exactly the wanted type, else the first that must be linked, else the first."""
    exact = [port for port in ports if port.kinds[0] == wanted.kinds[0]]
    return next(iter([*exact, *(port for port in ports if not port.optional), *ports]), None)
