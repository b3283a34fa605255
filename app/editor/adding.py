"""Adding nodes: in free space, at the end of a link, or through the search window on the canvas."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QPointF, QSizeF, Signal
from PySide6.QtGui import QCursor

from app import document as edits
from app.catalogue import Catalogue
from app.document import Document
from app.editor.card_layout import lay_out
from app.editor.graph_view import GraphView
from app.editor.moving import Moving, between
from app.editor.node_search import NodeSearch, fitting_port
from app.editor.placement import free_place, snapped
from app.editor.port_item import LoomPort
from app.editor.suggestions import suggested
from app.editor.viewer import LoomViewer
from core.graph.edits import AddNode, Group
from core.graph.workflow import Link, Node


class Adding(QObject):
    """Makes new nodes of a document.

    Attributes:
        catalogue: The kinds of nodes.
        search: The search window.

    Signals:
        added(str): The node with this id is there.
    """

    added = Signal(str)

    def __init__(
        self, viewer: LoomViewer, view: GraphView, document: Document, catalogue: Catalogue, moving: Moving
    ) -> None:
        super().__init__(viewer)
        self._viewer, self._view, self._document = viewer, view, document
        self.catalogue, self._moving = catalogue, moving
        self.search = NodeSearch(viewer)
        self._at = QPointF()
        self._from: LoomPort | None = None
        self.search.chosen.connect(self._take)
        viewer.node_dropped.connect(self.add)
        viewer.search_asked.connect(self.ask)
        viewer.link_dropped.connect(lambda port, at: self.ask(at, port))

    def add(self, kind: str, at: QPointF | None = None) -> None:
        """Add a node with its corner at a scene position; where there is room near the view's middle when None.

        Dropped on a link that it fits between, it is put into that link."""
        if at is None:
            place = self._free_place(kind, self._viewer.mapToScene(self._viewer.viewport().rect().center()))
        else:
            place = snapped(at)
        card = self.catalogue.get(kind)
        link = self._moving.link_at(at, card) if at is not None and card is not None else None
        if link is None or card is None:
            self.added.emit(edits.add_node(self._document, kind, place))
            return
        node = Node(type=kind, position=place)
        item = self._view.links[link.target, link.input][1]
        self._document.do(Group((AddNode(node), *between(link, item, node.id, card))))
        self.added.emit(node.id)

    def add_file(self, path: Path, at: QPointF) -> bool:
        """Add a node that loads a file, its corner at a scene position; returns whether a kind of node does."""
        found = self.catalogue.loaders(path)
        if not found:
            return False
        card, setting = found[0]
        node = Node(type=card.id, position=snapped(at), settings={setting.name: str(path)})
        self._document.do(AddNode(node))
        self.added.emit(node.id)
        return True

    def ask(self, at: QPointF | None = None, port: LoomPort | None = None) -> None:
        """Let a person search for a node to put at a scene position (the pointer's when None), linked to `port`."""
        if at is None:
            pointer = self._viewer.viewport().mapFromGlobal(QCursor.pos())
            rect = self._viewer.viewport().rect()
            at = self._viewer.mapToScene(pointer if rect.contains(pointer) else rect.center())
        cards, hint = list(self.catalogue.all()), "Add a node"
        if port is not None:
            cards = suggested(cards, port)
            hint = f"What {'takes' if port.outgoing else 'gives'} the {port.card.label}?"
        self._at, self._from = at, port
        self.search.ask(cards, self._viewer.viewport().mapToGlobal(self._viewer.mapFromScene(at)), hint)

    def _take(self, kind: str) -> None:
        port, card = self._from, self.catalogue.get(kind)
        end = fitting_port(port.card, card, outgoing=port.outgoing) if port is not None and card is not None else None
        if port is None or end is None or card is None:
            self.added.emit(edits.add_node(self._document, kind, self._free_place(kind, self._at)))
            return
        size = self._size(kind)
        reach = size.width() / 2 if port.outgoing else -size.width() / 2
        place = self._free_place(kind, self._at + QPointF(reach, size.height() / 2))

        def link(id: str) -> Link:
            here, there = (port.node.id, port.name), (id, end.name)
            return Link(*here, *there) if port.outgoing else Link(*there, *here)

        self.added.emit(edits.add_node(self._document, kind, place, link))

    def _size(self, kind: str) -> QSizeF:
        card = self.catalogue.get(kind)
        if card is None:
            return QSizeF(1, 1)
        layout = lay_out(card)
        return QSizeF(layout.width, layout.height)

    def _free_place(self, kind: str, near: QPointF) -> tuple[float, float]:
        return free_place(self._size(kind), near, [card.outline() for card in self._view.cards.values()])
