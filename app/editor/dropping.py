"""Files dropped on the canvas: on a card that can take them they go into its place, elsewhere they become a new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QPointF, QRectF, Signal
from PySide6.QtGui import QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsPathItem

from app.catalogue import Catalogue, NodeCard, fits
from app.document import Document
from app.editor.adding import Adding
from app.editor.node_item import CardItem
from app.editor.viewer import LoomViewer
from app.theme import theme
from core.graph.edits import AddNode, Connect, Group, RemoveNode, SetSetting
from core.graph.workflow import Edit, Link, Node, Workflow
from core.imaging.picture_workflow import carries_workflow

_STEP = 48.0
"""How far apart, in scene pixels, several dropped files go."""
_ABOVE = 10.0
"""Above every card."""


@dataclass(frozen=True)
class Taking:
    """How a card takes a file: the edit, and the node that loads the file afterwards."""

    edit: Edit
    node: str


class Dropping(QObject):
    """Takes the files that are dropped, and marks the card that would take the one that hovers.

    Signals:
        dropped(str): A file that no node loads, or that holds a workflow, was dropped on the empty canvas.
        taken(str): The node with this id loads a dropped file now.
    """

    dropped = Signal(str)
    taken = Signal(str)

    def __init__(self, viewer: LoomViewer, document: Document, adding: Adding) -> None:
        super().__init__(viewer)
        self._viewer, self._document, self._adding = viewer, document, adding
        self._mark: QGraphicsPathItem | None = None
        viewer.files_over.connect(self._follow)
        viewer.files_dropped.connect(self.take)

    def take(self, names: Sequence[str], at: QPointF) -> None:
        """Take files dropped at a scene position."""
        self._unmark()
        taking = self._taking(names, at)
        if taking is not None:
            self._document.do(taking.edit)
            self.taken.emit(taking.node)
            return
        for count, name in enumerate(names):
            place = at + QPointF(_STEP, _STEP) * count
            if carries_workflow(Path(name)) or not self._adding.add_file(Path(name), place):
                self.dropped.emit(name)

    def _card_at(self, at: QPointF) -> CardItem | None:
        return next((item for item in self._viewer.scene().items(at) if isinstance(item, CardItem)), None)

    def _taking(self, names: Sequence[str], at: QPointF) -> Taking | None:
        """How the card at a scene position takes the file, if it is a single one and the card can."""
        card = self._card_at(at)
        if card is None or len(names) != 1:
            return None
        return taking(self._document.workflow, self._adding.catalogue, card.id, Path(names[0]))

    def _follow(self, names: Sequence[str], at: QPointF) -> None:
        card = self._card_at(at) if self._taking(names, at) is not None else None
        self._unmark()
        if card is not None:
            self._mark = _marked(card.outline())
            self._viewer.scene().addItem(self._mark)

    def _unmark(self) -> None:
        if self._mark is not None:
            self._viewer.scene().removeItem(self._mark)
            self._mark = None


def taking(workflow: Workflow, catalogue: Catalogue, id: str, path: Path) -> Taking | None:
    """Return how a node takes a file: as its own, or by giving way to a node that loads it, or None.

    It gives way if nothing feeds it and the loading node can give all that it gives.
    """
    node, loaders = workflow.nodes[id], catalogue.loaders(path)
    own = next((setting for card, setting in loaders if card.id == node.type), None)
    if own is not None:
        return Taking(SetSetting(id, own.name, str(path)), id)
    if not loaders or workflow.incoming(id) or not workflow.has_outgoing(id):
        return None
    card, setting = loaders[0]
    made = Node(
        type=card.id, title=node.title, settings={setting.name: str(path)}, position=node.position, state=node.state
    )  # fmt: skip
    links = [_moved(link, made.id, card, workflow, catalogue) for link in workflow.outgoing(id)]
    kept = [Connect(link) for link in links if link is not None]
    if len(kept) < len(links):
        return None
    return Taking(Group((AddNode(made), *kept, RemoveNode(id))), made.id)


def _moved(link: Link, id: str, card: NodeCard, workflow: Workflow, catalogue: Catalogue) -> Link | None:
    """Return a link from node `id` of this kind to where a link ends, from the output of the same name if it can be."""
    target = catalogue.get(workflow.nodes[link.target].type)
    entry = next((port for port in target.inputs if port.name == link.input), None) if target else None
    outputs = [port for port in card.outputs if entry is not None and fits(port, entry)]
    outputs.sort(key=lambda port: port.name != link.output)
    return Link(id, outputs[0].name, link.target, link.input) if outputs else None


def _marked(outline: QRectF) -> QGraphicsPathItem:
    """A mark on a card."""
    shape = QPainterPath()
    shape.addRoundedRect(outline, theme().px("card_radius"), theme().px("card_radius"))
    mark = QGraphicsPathItem(shape)
    mark.setPen(QPen(theme().color("accent"), 2.0))
    mark.setBrush(theme().color("accent", 50))
    mark.setZValue(_ABOVE)
    return mark
