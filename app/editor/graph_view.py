"""Keeps the items on the canvas equal to the workflow: whatever an edit changed is found and shown."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from PySide6.QtCore import QRectF

from app.catalogue import Catalogue, NodeCard, PortCard
from app.editor.area_items import AreaItem, FrameItem, NoteItem
from app.editor.card_state import CardState
from app.editor.link_item import LinkItem
from app.editor.node_item import CardItem
from app.editor.overview import Overview
from app.editor.viewer import LoomViewer
from core.graph.workflow import Frame, Link, Node, Note, Workflow


class GraphView:
    """The cards and links on a viewer.

    It compares items with the workflow rather than translating edits: whatever the kind of edit, what it touched ends
    up as the workflow has it.

    Attributes:
        cards: Card items by node id.
        links: Link items by (target node, input), with the link that each shows.
        areas: Items of frames and notes by id.
    """

    def __init__(self, viewer: LoomViewer) -> None:
        self._viewer = viewer
        self.cards: dict[str, CardItem] = {}
        self.links: dict[tuple[str, str], tuple[Link, LinkItem]] = {}
        self.areas: dict[str, AreaItem] = {}
        self._speaking: set[str] = set()
        viewer.overview = Overview(
            lambda: (self.cards.values(), [item for _, item in self.links.values()], self.areas.values())
        )

    def show(self, workflow: Workflow, catalogue: Catalogue, touched: Collection[str] | None = None) -> None:
        """Make the canvas show `workflow`; only the `touched` nodes and their links can differ (None = all)."""
        nodes = {*self.cards, *workflow.nodes} if touched is None else set(touched)
        places = {place for id in nodes for place in self._places(id, workflow)}
        self._drop_stale(nodes, places, workflow, catalogue)
        present = workflow.nodes if touched is None else [id for id in touched if id in workflow.nodes]
        for node in (workflow.nodes[id] for id in present):
            item = self.cards.get(node.id)
            if item is None:
                self._add(node, workflow, catalogue)
            elif item.node is not node:
                item.show_node(node)
        for place in sorted(places):
            link = workflow.links.get(place)
            if link is not None:
                self._show_link(place, link, workflow)
        self._show_areas(workflow)
        for id in self._speaking:
            self.cards[id].place_strip(self.cards.values())
        self._viewer.overview.forget()

    def show_state(self, id: str, state: CardState) -> None:
        """Show how a run goes at a node."""
        card = self.cards[id]
        card.show_state(state)
        if state.message or id in self._speaking:
            card.place_strip(self.cards.values())
        (self._speaking.add if state.message else self._speaking.discard)(id)
        self._viewer.overview.forget()

    def selected(self) -> list[str]:
        """Ids of the selected nodes, frames and notes."""
        return [id for id, item in self.items().items() if item.isSelected()]

    def items(self) -> dict[str, CardItem | AreaItem]:
        """All cards, frames and notes by id."""
        return {**self.cards, **self.areas}

    def outline(self, id: str) -> QRectF:
        """The rectangle of a node, frame or note, in scene coordinates; empty for an unknown id."""
        item = self.cards.get(id) or self.areas.get(id)
        return QRectF() if item is None else item.outline()

    def clear(self) -> None:
        """Take everything off the canvas."""
        for area in self.areas.values():
            self._viewer.scene().removeItem(area)
        self.areas.clear()
        for place in list(self.links):
            self._disconnect(place)
        for id in list(self.cards):
            self._remove(id)
        self._viewer.overview.forget()

    def _show_areas(self, workflow: Workflow) -> None:
        """Show frames and notes, of which there are few."""
        wanted: dict[str, Frame | Note] = {**workflow.frames, **workflow.notes}
        for id in [id for id in self.areas if id not in wanted]:
            self._viewer.scene().removeItem(self.areas.pop(id))
        for id, shown in wanted.items():
            item = self.areas.get(id)
            if item is None:
                item = self.areas[id] = FrameItem(shown) if isinstance(shown, Frame) else NoteItem(shown)
                self._viewer.scene().addItem(item)
            elif item.shown is not shown:
                item.show_area(shown)

    def _places(self, id: str, workflow: Workflow) -> Iterable[tuple[str, str]]:
        """Where the links of a node end, those on the screen and those of the workflow."""
        for link in (*workflow.incoming(id), *workflow.outgoing(id)):
            yield link.target, link.input
        item = self.cards.get(id)
        if item is not None:
            for shown in item.links():
                yield shown.input_port.node.id, shown.input_port.name
            for port in item.card.inputs:  # a link that was pulled off is at no port any more
                if (id, port.name) in self.links:
                    yield id, port.name

    def _drop_stale(
        self, nodes: Iterable[str], places: Iterable[tuple[str, str]], workflow: Workflow, catalogue: Catalogue
    ) -> None:
        changed = {
            id
            for id in nodes
            if (item := self.cards.get(id)) is not None
            and (id not in workflow.nodes or self._card_of(workflow.nodes[id], workflow, catalogue) != item.card)
        }
        for place in places:
            if place in self.links:
                link, item = self.links[place]
                moved = workflow.links.get(place) != link or item.scene() is None
                if moved or link.source in changed or link.target in changed:
                    self._disconnect(place)
        for id in changed:
            self._remove(id)

    def _show_link(self, place: tuple[str, str], link: Link, workflow: Workflow) -> None:
        if place not in self.links:
            self._connect(place, link)
        if place in self.links:
            ends = (workflow.nodes[link.source], workflow.nodes[link.target])
            self.links[place][1].set_muted(any(node.state == "muted" for node in ends))

    def _add(self, node: Node, workflow: Workflow, catalogue: Catalogue) -> None:
        item = CardItem(node, self._card_of(node, workflow, catalogue))
        self.cards[node.id] = item
        self._viewer.scene().addItem(item)

    def _remove(self, id: str) -> None:
        item = self.cards.pop(id)
        self._speaking.discard(id)
        if item.scene() is not None:
            self._viewer.scene().removeItem(item)

    def _connect(self, place: tuple[str, str], link: Link) -> None:
        source, target = self.cards.get(link.source), self.cards.get(link.target)
        output = source.port(link.output, outgoing=True) if source else None
        wanted = target.port(link.input, outgoing=False) if target else None
        if output is None or wanted is None:
            return  # a port of another version of the node: validation names it when the workflow is run
        item = LinkItem(output, wanted)
        self._viewer.scene().addItem(item)
        self.links[place] = (link, item)
        output.node.update()
        wanted.node.update()

    def _disconnect(self, place: tuple[str, str]) -> None:
        _, item = self.links.pop(place)
        for port in (item.input_port, item.output_port):
            if item in port.connected_pipes:
                port.remove_pipe(item)
            port.node.update()
        if item.scene() is not None:
            self._viewer.scene().removeItem(item)

    @staticmethod
    def _card_of(node: Node, workflow: Workflow, catalogue: Catalogue) -> NodeCard:
        return catalogue.get(node.type) or _placeholder(node, workflow)


def _placeholder(node: Node, workflow: Workflow) -> NodeCard:
    """A card for a kind that is not installed, with the ports that its links name."""
    inputs = dict.fromkeys(link.input for link in workflow.incoming(node.id))
    outputs = dict.fromkeys(link.output for link in workflow.outgoing(node.id))
    return NodeCard(
        id=node.type,
        title=node.type.rpartition(".")[2].replace("_", " ").capitalize() or "Unknown",
        category="Unknown",
        help=f'The kind "{node.type}" is not installed. The node is kept as it is, but cannot run.',
        inputs=tuple(PortCard(name, ("object",)) for name in inputs),
        outputs=tuple(PortCard(name, ("object",)) for name in outputs),
        known=False,
    )
