"""Links between cards, and the link that follows the pointer while a person draws one."""

from __future__ import annotations

from typing import Any

from NodeGraphQt.constants import Z_VAL_PIPE, PipeEnum
from NodeGraphQt.qgraphics.pipe import LivePipeItem, PipeItem
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPainterPathStroker, QPen
from PySide6.QtWidgets import QGraphicsItem, QGraphicsPathItem, QGraphicsSceneHoverEvent

from app.editor.port_item import LoomPort
from app.theme import theme

_REACH = 40.0
"""Least length of a link's horizontal run-out, in scene pixels."""
_THIN_BELOW = 0.75
"""At a smaller scale a link is one pixel wide."""
_TURN = 14.0
"""How far a link that goes back runs out before it turns, in scene pixels."""


def link_path(start: QPointF, end: QPointF) -> QPainterPath:
    """A curve that leaves an output to the right and enters an input from the left."""
    reach = max(_REACH, min(abs(end.x() - start.x()) / 2, 160.0))
    path = QPainterPath(start)
    path.cubicTo(start + QPointF(reach, 0), end - QPointF(reach, 0), end)
    return path


def return_path(start: QPointF, end: QPointF, level: float) -> QPainterPath:
    """A way back to the left that runs at height `level`, between the cards instead of behind them."""
    out, back = start.x() + _TURN, end.x() - _TURN
    corners = [start, QPointF(out, start.y()), QPointF(out, level), QPointF(back, level), QPointF(back, end.y()), end]
    path = QPainterPath(start)
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        into, away = QLineF(corner, before), QLineF(corner, after)
        radius = min(10.0, into.length() / 2, away.length() / 2)
        if radius <= 0:
            continue
        into.setLength(radius)
        away.setLength(radius)
        path.lineTo(into.p2())
        path.quadTo(corner, away.p2())
    path.lineTo(end)
    return path


def _level_between(first: QRectF, second: QRectF) -> float:
    """A height that is free between two cards: the middle of their gap, else below both."""
    upper, lower = (first, second) if first.top() <= second.top() else (second, first)
    if upper.bottom() < lower.top():
        return (upper.bottom() + lower.top()) / 2
    return max(first.bottom(), second.bottom()) + _TURN


class LinkItem(PipeItem):
    """A link in the colour of its output's type.

    NodeGraphQt's own set-up makes an arrow item for each pipe and draws in Python; this item does neither.

    Attributes:
        color: Of the output's type.
        start: The output's centre, in scene coordinates.
        end: The input's centre, in scene coordinates.
    """

    def __init__(self, output: LoomPort, target: LoomPort) -> None:
        QGraphicsPathItem.__init__(self)
        self._input_port, self._output_port = target, output
        self._active = self._highlight = self._muted = False
        self._shape: QPainterPath | None = None
        self.color = QColor(theme().port(output.card.kinds).color)
        self.start = self.end = QPointF()
        self.setZValue(Z_VAL_PIPE)
        self.setAcceptHoverEvents(True)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsSelectable, True)
        output.add_pipe(self)
        target.add_pipe(self)
        self.redraw()
        self._restyle()

    itemChange = QGraphicsPathItem.itemChange
    """Without PipeItem's Python, which Qt would call for every change: painting asks whether the link is selected."""

    def redraw(self) -> None:
        """Follow the ports."""
        self._shape = None
        start, end = self.start, self.end = self._output_port.centre(), self._input_port.centre()
        if end.x() >= start.x() + _TURN:
            self.setPath(link_path(start, end))
            return
        level = _level_between(self._output_port.node.outline(), self._input_port.node.outline())
        self.setPath(return_path(start, end, level))

    def crosses(self, rect: QRectF) -> bool:
        """Whether the curve goes through a rectangle of the scene."""
        near = self.path().controlPointRect().adjusted(-1, -1, 1, 1)  # a level link's own has no height
        return near.intersects(rect) and self.shape().intersects(rect)

    def set_muted(self, muted: bool) -> None:
        """Dash the link when one of its ends does not run."""
        if muted != self._muted:
            self._muted = muted
            self._restyle()

    def draw_path(self, *_args: Any, **_named: Any) -> None:
        """NodeGraphQt's word for `redraw`."""
        self.redraw()

    def highlight(self) -> None:
        """Stand out."""
        self._highlight = True
        self._restyle()

    def activate(self) -> None:
        """Stand out below the pointer."""
        self._active = True
        self._restyle()

    def reset(self) -> None:
        """Look as usual."""
        self._active = self._highlight = False
        self._restyle()

    def _restyle(self) -> None:
        strong = self._active or self._highlight
        color = QColor(self.color)
        color.setAlpha(255 if strong else 90 if self._muted else 190)
        pen = QPen(color, 3.0 if strong else 2.0)
        if self._muted:
            pen.setStyle(Qt.PenStyle.DashLine)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        self.setPen(pen)

    def hoverLeaveEvent(self, event: QGraphicsSceneHoverEvent) -> None:
        self.reset()

    def shape(self) -> QPainterPath:
        """A band along the curve: a plain path item would take the pointer in the whole bow."""
        if self._shape is None:
            stroker = QPainterPathStroker()
            stroker.setWidth(10.0)
            self._shape = stroker.createStroke(self.path())
        return self._shape

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        pen = QPen(self.color, 3.0) if self.isSelected() else self.pen()
        if painter.worldTransform().m11() < _THIN_BELOW:
            pen.setWidth(0)  # one pixel is drawn many times faster than a stroke of any other width
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self.path())


class LiveLink(LivePipeItem):
    """The link being drawn: dashed on its way, whole over a port that takes it, red over one that does not."""

    def __init__(self) -> None:
        super().__init__()
        for child in self.childItems():
            child.setVisible(False)
        self.reset_path()

    def draw_path(
        self, start_port: LoomPort, end_port: object = None, cursor_pos: QPointF | None = None, color: Any = None
    ) -> None:
        """Draw from `start_port` to the pointer; `color` is NodeGraphQt's word on the port below the pointer."""
        if cursor_pos is None:
            return
        here, there = start_port.centre(), QPointF(cursor_pos)
        self.setPath(link_path(here, there) if start_port.outgoing else link_path(there, here))
        pen = QPen(theme().port(start_port.card.kinds).color, 2.5, Qt.PenStyle.DashLine)
        if color is not None:
            accepted = color == PipeEnum.HIGHLIGHT_COLOR.value
            pen = QPen(theme().color("accent" if accepted else "danger"), 3.0)
            pen.setStyle(Qt.PenStyle.SolidLine if accepted else Qt.PenStyle.DotLine)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        self.setPen(pen)

    def draw_index_pointer(self, start_port: LoomPort, cursor_pos: QPointF, color: Any = None) -> None:
        """No arrow and no text: the curve says it."""

    def _draw_direction_pointer(self) -> None:
        """No arrow."""

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        painter.setPen(self.pen())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self.path())
