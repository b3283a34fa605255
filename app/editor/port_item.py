"""The part of a port that takes the pointer; its card paints it."""

from __future__ import annotations

from typing import Any

from NodeGraphQt.constants import Z_VAL_PORT, PortTypeEnum
from NodeGraphQt.qgraphics.port import PortItem
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtWidgets import (
    QGraphicsItem,
    QGraphicsSceneHoverEvent,
    QGraphicsSceneMouseEvent,
    QStyleOptionGraphicsItem,
    QWidget,
)

from app.catalogue import PortCard
from app.theme import theme


class LoomPort(PortItem):
    """A square around a port's centre, without contents of its own.

    Attributes:
        card: The port as the catalogue describes it.
        outgoing: Whether it is an output.
    """

    def __init__(self, parent: QGraphicsItem, card: PortCard, centre: QPointF, *, outgoing: bool) -> None:
        # Past PortItem's own set-up, which costs more than the rest of a card.
        QGraphicsItem.__init__(self, parent)
        self.card, self.outgoing = card, outgoing
        side = theme().px("port_hit")
        self._side = float(side)
        self._pipes: list[Any] = []
        self._hovered = self._locked = False
        self._name = card.name
        self._port_type = (PortTypeEnum.OUT if outgoing else PortTypeEnum.IN).value
        self._multi_connection = outgoing
        self.setAcceptHoverEvents(True)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents, True)
        self.setZValue(Z_VAL_PORT)
        self.setPos(centre.x() - side / 2, centre.y() - side / 2)

    itemChange = QGraphicsItem.itemChange
    """Without PortItem's Python, which Qt would call for every change: the card redraws links."""

    def centre(self) -> QPointF:
        """Centre in scene coordinates."""
        corner: QPointF = self.scenePos()
        return corner + QPointF(self._side / 2, self._side / 2)

    def boundingRect(self) -> QRectF:
        return QRectF(0.0, 0.0, self._side, self._side)

    def paint(self, painter: object, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """The card paints all its ports at once."""

    def mousePressEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Keep the press: the card below would take it for the start of a move."""
        event.accept()

    def mouseReleaseEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        event.accept()

    def hoverEnterEvent(self, event: QGraphicsSceneHoverEvent) -> None:
        super().hoverEnterEvent(event)
        if not self.toolTip():
            card = self.card
            wanted = "" if self.outgoing or card.optional else " (needed)"
            self.setToolTip(f"<b>{card.label}</b>: {card.kinds[0]}{wanted}" + (f"<br>{card.help}" if card.help else ""))
        self.parentItem().update()

    def hoverLeaveEvent(self, event: QGraphicsSceneHoverEvent) -> None:
        super().hoverLeaveEvent(event)
        self.parentItem().update()
