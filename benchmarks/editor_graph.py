"""A large workflow of the installed kinds of nodes, and as many bare Qt items, which the editor is measured against."""

from __future__ import annotations

from collections import defaultdict, deque

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import (
    QGraphicsPathItem,
    QGraphicsRectItem,
    QGraphicsScene,
    QGraphicsSimpleTextItem,
    QGraphicsView,
)

from app.catalogue import Catalogue, PortCard, fits
from core.graph.edits import AddNode, Connect
from core.graph.workflow import Link, Node, Workflow

COLUMNS = 40
SPACING = (232.0, 360.0)
"""From one card's corner to the next, in scene pixels; no card is larger."""


def large_workflow(catalogue: Catalogue, nodes: int = 1000, links: int = 1500) -> Workflow:
    """Return a workflow of every kind in turn, each input linked to the nearest earlier output that fits.

    Raises:
        ValueError: The kinds have too few ports for that many links.
    """
    workflow, kinds = Workflow("Large"), [card for card in catalogue.all() if card.inputs or card.outputs]
    recent: dict[tuple[str, ...], deque[tuple[str, PortCard]]] = defaultdict(lambda: deque(maxlen=4))
    for index in range(nodes):
        card = kinds[index % len(kinds)]
        place = (SPACING[0] * (index % COLUMNS), SPACING[1] * (index // COLUMNS))
        node = Node(id=f"n{index:04}", type=card.id, position=place)
        workflow.apply(AddNode(node))
        for port in card.inputs:
            sources = [found[-1] for found in recent.values() if fits(found[-1][1], port)]
            if sources and len(workflow.links) < links:
                id, output = max(sources, key=lambda found: found[0])
                workflow.apply(Connect(Link(id, output.name, node.id, port.name)))
        for port in card.outputs:
            recent[port.kinds].append((node.id, port))
    if len(workflow.links) < links:
        raise ValueError(f"The {len(kinds)} kinds of nodes gave {len(workflow.links)} links, not {links}.")
    return workflow


class BareView(QGraphicsView):
    """As many rectangles with titles and curves on a plain QGraphicsView: what Qt itself costs."""

    def __init__(self) -> None:
        super().__init__()
        self.setScene(QGraphicsScene(self))
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        for set_policy in (self.setHorizontalScrollBarPolicy, self.setVerticalScrollBarPolicy):
            set_policy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def show_workflow(self, workflow: Workflow) -> None:
        """Make an item for each node and each link."""
        for node in workflow.nodes.values():
            self.add_card(node)
        for link in workflow.links.values():
            start, end = workflow.nodes[link.source].position, workflow.nodes[link.target].position
            self._add_curve(QPointF(*start) + QPointF(184, 44), QPointF(*end) + QPointF(0, 44))

    def add_card(self, node: Node) -> None:
        """Add a rectangle with a title."""
        card = QGraphicsRectItem(QRectF(0, 0, 184, 120))
        card.setBrush(QBrush(QColor("#23272F")))
        card.setFlag(QGraphicsRectItem.GraphicsItemFlag.ItemIsSelectable)
        card.setFlag(QGraphicsRectItem.GraphicsItemFlag.ItemIsMovable)
        title = QGraphicsSimpleTextItem(node.type, card)
        title.setPos(12, 8)
        card.setPos(*node.position)
        self.scene().addItem(card)

    def look_at(self, rect: QRectF) -> None:
        """Bring `rect` (scene) into view."""
        self.setSceneRect(rect)
        self.resetTransform()
        scale = self.viewport().width() / rect.width()
        self.scale(scale, scale)

    def _add_curve(self, start: QPointF, end: QPointF) -> None:
        path = QPainterPath(start)
        path.cubicTo(start + QPointF(60, 0), end - QPointF(60, 0), end)
        curve = QGraphicsPathItem(path)
        curve.setPen(QPen(QColor("#5D6678"), 0))
        self.scene().addItem(curve)
