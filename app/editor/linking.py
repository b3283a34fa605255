"""How a person draws links: NodeGraphQt's gestures with typed ports, reported instead of acted on."""

from __future__ import annotations

from collections.abc import Iterable

from NodeGraphQt.qgraphics.port import PortItem
from NodeGraphQt.widgets.viewer import NodeViewer
from PySide6.QtCore import QPointF, QRectF, Signal
from PySide6.QtWidgets import QGraphicsSceneMouseEvent

from app.catalogue import fits
from app.editor.link_item import LiveLink
from app.editor.node_item import CardItem
from app.editor.port_item import LoomPort

_FAR = 24.0
"""A link that ends nearer to its port than this, in scene pixels, was a click."""


class LinkingViewer(NodeViewer):
    """The gestures around links.

    Signals (beside NodeGraphQt's own):
        relink_asked(): Links on the screen may differ from the workflow's.
        link_dropped(LoomPort, QPointF): A link drawn from this port ended on the empty canvas, at a scene position.
    """

    relink_asked = Signal()
    link_dropped = Signal(LoomPort, QPointF)

    def __init__(self) -> None:
        super().__init__()
        self.accept_connection_types: dict[str, object] = {}
        self.reject_connection_types: dict[str, object] = {}
        self.scene().removeItem(self._LIVE_PIPE)
        self._LIVE_PIPE: LiveLink = LiveLink()
        self._LIVE_PIPE.setVisible(False)
        self.scene().addItem(self._LIVE_PIPE)

    def cards(self) -> list[CardItem]:
        """All cards on the canvas."""
        return [item for item in self.scene().items() if isinstance(item, CardItem)]

    def _validate_accept_connection(self, from_port: PortItem, to_port: PortItem) -> bool:
        """Accept an output and an input whose types fit, on two different cards."""
        if from_port.outgoing == to_port.outgoing or from_port.node is to_port.node:
            return False
        output, target = (from_port, to_port) if from_port.outgoing else (to_port, from_port)
        return fits(output.card, target.card)

    @staticmethod
    def acyclic_check(start_port: PortItem, end_port: PortItem) -> bool:
        """Core checks for cycles when the link is asked for; NodeGraphQt's search takes exponential time."""
        return True

    def _combined_rect(self, nodes: Iterable[CardItem]) -> QRectF:
        rect = QRectF()
        for node in nodes:
            rect = rect.united(node.sceneBoundingRect())
        return rect

    def start_live_connection(self, selected_port: PortItem) -> None:
        super().start_live_connection(selected_port)
        for card in self.cards():
            card.show_live(selected_port)

    def end_live_connection(self) -> None:
        super().end_live_connection()
        for card in self.cards():
            card.show_live(None)

    def apply_live_connection(self, event: QGraphicsSceneMouseEvent) -> None:
        """Tell of a new link that ends nowhere; one that was pulled off an input is just gone."""
        start, pulled, drawn = self._start_port, self._detached_port, self._LIVE_PIPE.isVisible()
        super().apply_live_connection(event)
        place = event.scenePos()
        far = (place - start.centre()).manhattanLength() > _FAR if drawn and start is not None else False
        empty = not any(isinstance(item, (CardItem, PortItem)) for item in self.scene().items(place))
        if far and pulled is None and empty:
            self.link_dropped.emit(start, place)

    def establish_connection(self, start_port: PortItem, end_port: PortItem) -> None:
        """A link that was pulled off goes back to where it was: the workflow knows where."""
        self.relink_asked.emit()
