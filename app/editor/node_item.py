"""A node's card: one painted item with its ports; no text items, no embedded widgets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from NodeGraphQt.qgraphics.node_abstract import AbstractNodeItem
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.catalogue import NodeCard, PortCard, SettingCard, fits
from app.editor import card_painter as paint
from app.editor.card_layout import Hit, lay_out, place_strip
from app.editor.card_picture import CardPicture
from app.editor.card_state import CardState
from app.editor.port_item import LoomPort
from app.theme import theme
from core.graph.workflow import Node

_LOOKS = (
    QGraphicsItem.GraphicsItemChange.ItemPositionHasChanged,
    QGraphicsItem.GraphicsItemChange.ItemSelectedHasChanged,
)
_NOTES = {"on": "", "muted": "muted", "bypassed": "bypassed"}


class CardItem(AbstractNodeItem):
    """What one node of the workflow looks like.

    Attributes:
        node: The node as last shown.
        card: Its kind.
        inputs: Items of its inputs, in order.
        outputs: Items of its outputs, in order.
        state: What the run has shown of it.
    """

    def __init__(self, node: Node, card: NodeCard) -> None:
        super().__init__(node.id)
        self.setCacheMode(QGraphicsItem.CacheMode.NoCache)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemSendsGeometryChanges, True)
        self.node, self.card, self.state = node, card, CardState()
        self.id, self.type_ = node.id, card.id
        self._layout = lay_out(card)
        self._picture = CardPicture()
        self._live: LoomPort | None = None
        self._width, self._height = self._layout.width, self._layout.height
        self.inputs = self._ports(card.inputs, outgoing=False)
        self.outputs = self._ports(card.outputs, outgoing=True)
        self._strip: QRectF | None = None
        self.xy_pos = list(node.position)
        self.show_node(node)

    def _ports(self, cards: tuple[PortCard, ...], *, outgoing: bool) -> list[LoomPort]:
        places = self._layout.outputs if outgoing else self._layout.inputs
        return [LoomPort(self, card, place, outgoing=outgoing) for card, place in zip(cards, places, strict=True)]

    def port(self, name: str, *, outgoing: bool) -> LoomPort | None:
        """The item of a port by name, or None."""
        return next((port for port in (self.outputs if outgoing else self.inputs) if port.name == name), None)

    @property
    def title(self) -> str:
        """The person's own name for the node, else its kind's title."""
        return self.node.title or self.card.title

    def update(self, *area: Any) -> None:
        """Paint anew: the kept picture no longer holds."""
        self._picture.forget()
        super().update(*area)

    def show_node(self, node: Node) -> None:
        """Show new settings, title, state and place."""
        self.node = node
        self._properties["name"] = self.title
        self._properties["disabled"] = node.state != "on"
        if (self.x(), self.y()) != node.position:
            self.setPos(*node.position)
        self.update()

    def show_state(self, state: CardState) -> None:
        """Show how the run goes here."""
        self.state = state
        self.update()

    def place_strip(self, cards: Iterable[CardItem]) -> None:
        """Find the place for the message, if there is one, free of the other `cards`."""
        strip = None
        if self.state.message:
            others = [card.outline().translated(-self.pos()) for card in cards if card is not self]
            strip = place_strip(self._layout, paint.strip_height(self._layout, self.state.message), others)
        if strip != self._strip:
            self.prepareGeometryChange()
            self._strip = strip
            self.setZValue(2.0 if strip else 1.0)
            self.update()

    def show_live(self, port: LoomPort | None) -> None:
        """Dim the ports that the link being drawn from `port` cannot end at; None = no link is drawn."""
        if self._live is not port:
            self._live = port
            self.update()

    def links(self) -> list[Any]:
        """The link items at all ports."""
        return [link for port in (*self.inputs, *self.outputs) for link in port.connected_pipes]

    def outline(self) -> QRectF:
        """The card itself, in scene coordinates, without ports and message."""
        return QRectF(self.x(), self.y(), self._width, self._height)

    def hit(self, place: QPointF) -> Hit | None:
        """The shown setting, and the part of it, at a scene position, or None."""
        return self._layout.hit(place - self.pos())

    def place_of(self, setting: SettingCard) -> QRectF:
        """Where a shown setting's value is painted, in scene coordinates."""
        return self._layout.place_of(setting.name).translated(self.pos())

    def _strength(self, port: PortCard, outgoing: bool) -> int:
        live = self._live
        if live is None or (live.card is port and live.node is self):
            return 255
        if live.node is self or live.outgoing == outgoing:
            return 50
        return 255 if (fits(live.card, port) if live.outgoing else fits(port, live.card)) else 50

    def boundingRect(self) -> QRectF:
        card = QRectF(-8.0, -3.0, self._width + 16.0, self._height + 6.0)
        return card.united(self._strip.adjusted(-2, -2, 2, 2)) if self._strip else card

    def preview_place(self) -> QRectF | None:
        """Where the picture goes, in scene coordinates, or None."""
        return self._layout.preview.translated(self.pos()) if self._layout.preview else None

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        view = widget.parentWidget() if widget is not None else None
        hurried = bool(getattr(view, "zooming", False))
        self._picture.draw(painter, self.boundingRect(), self._paint_card, hurried=hurried)

    def _paint_card(self, painter: QPainter) -> None:
        layout, state, on = self._layout, self.state, self.node.state == "on"
        paint.paint_body(painter, layout, self.card, state=state, on=on)
        paint.paint_header(painter, layout, self.title, state, _NOTES[self.node.state])
        paint.paint_port_names(painter, layout, self.card, self._strength)
        paint.paint_settings(painter, layout, self.node, state.faults)
        paint.paint_preview(painter, layout, state)
        paint.paint_frame(painter, layout, selected=self.isSelected(), failed=bool(state.error) or not self.card.known)
        self._paint_ports(painter)
        if self._strip:
            paint.paint_strip(painter, self._strip, state.message, color=state.message_color)

    def _paint_ports(self, painter: QPainter) -> None:
        for items, places in ((self.inputs, self._layout.inputs), (self.outputs, self._layout.outputs)):
            for item, place in zip(items, places, strict=True):
                linked = bool(item.connected_pipes) or item.hovered
                strength = self._strength(item.card, item.outgoing)
                paint.paint_port(painter, place, theme().port(item.card.kinds), linked=linked, strength=strength)

    def itemChange(self, change: QGraphicsItem.GraphicsItemChange, value: Any) -> Any:
        if change == QGraphicsItem.GraphicsItemChange.ItemPositionHasChanged and hasattr(self, "outputs"):
            for link in self.links():
                link.redraw()
        if change == QGraphicsItem.GraphicsItemChange.ItemSelectedHasChanged:
            self._picture.forget()
        if change in _LOOKS and (scene := self.scene()) is not None:
            scene.viewer().overview.forget()
        return super().itemChange(change, value)
