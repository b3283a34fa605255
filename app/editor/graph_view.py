"""Keeps the items on the canvas equal to the workflow: whatever an edit changed is found and shown."""

from __future__ import annotations

from app.catalogue import Catalogue, NodeCard, PortCard
from app.editor.link_item import LinkItem
from app.editor.linking import LinkingViewer
from app.editor.node_item import CardItem
from core.graph.workflow import Link, Node, Workflow


class GraphView:
    """The cards and links on a viewer.

    Comparing the whole workflow is linear and takes about a microsecond a node; it cannot miss a change, as
    translating each kind of edit could.

    Attributes:
        cards: Card items by node id.
        links: Link items by (target node, input), with the link that each shows.
    """

    def __init__(self, viewer: LinkingViewer) -> None:
        self._viewer = viewer
        self.cards: dict[str, CardItem] = {}
        self.links: dict[tuple[str, str], tuple[Link, LinkItem]] = {}

    def show(self, workflow: Workflow, catalogue: Catalogue) -> None:
        """Make the canvas show `workflow`."""
        self._drop_stale(workflow, catalogue)
        for node in workflow.nodes.values():
            item = self.cards.get(node.id)
            if item is None:
                self._add(node, workflow, catalogue)
            elif item.node is not node:
                item.show_node(node)
        for place, link in workflow.links.items():
            if place not in self.links:
                self._connect(place, link)
        for item in self.cards.values():
            item.place_strip(self.cards.values())
        for link, item in self.links.values():
            ends = (workflow.nodes[link.source], workflow.nodes[link.target])
            item.set_muted(any(node.state == "muted" for node in ends))

    def clear(self) -> None:
        """Take everything off the canvas."""
        for place in list(self.links):
            self._disconnect(place)
        for id in list(self.cards):
            self._remove(id)

    def _drop_stale(self, workflow: Workflow, catalogue: Catalogue) -> None:
        changed = {
            id
            for id, item in self.cards.items()
            if id not in workflow.nodes or self._card_of(workflow.nodes[id], workflow, catalogue) != item.card
        }
        for place, (link, item) in list(self.links.items()):
            moved = workflow.links.get(place) != link or item.scene() is None
            if moved or link.source in changed or link.target in changed:
                self._disconnect(place)
        for id in changed:
            self._remove(id)

    def _add(self, node: Node, workflow: Workflow, catalogue: Catalogue) -> None:
        item = CardItem(node, self._card_of(node, workflow, catalogue))
        self.cards[node.id] = item
        self._viewer.scene().addItem(item)

    def _remove(self, id: str) -> None:
        item = self.cards.pop(id)
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
