"""Frames and notes on the canvas: titled rectangles behind the cards, and texts in Markdown between them."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QTextDocument
from PySide6.QtWidgets import (
    QGraphicsItem,
    QGraphicsSceneHoverEvent,
    QGraphicsSceneMouseEvent,
    QStyleOptionGraphicsItem,
    QWidget,
)

from app.editor.placement import snapped
from app.theme import font, theme
from core.graph.tidying import FRAME_TITLE
from core.graph.workflow import Frame, Note

TITLE_HEIGHT = FRAME_TITLE
_EDGE = 8.0
_GRIP = 14.0
_SMALLEST = QSizeF(96, 56)


class AreaItem(QGraphicsItem):
    """A rectangle that is moved by the mouse, and resized at its right lower corner.

    Attributes:
        id: Of the frame or note.
        shown: The frame or note as last shown.
    """

    def __init__(self, shown: Frame | Note) -> None:
        super().__init__()
        self.id, self.shown = shown.id, shown
        self._size = QSizeF(*shown.size)
        self._resizing: QPointF | None = None
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsSelectable)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsMovable)
        self.setAcceptHoverEvents(True)
        self.setPos(*shown.position)

    def show_area(self, shown: Frame | Note) -> None:
        """Show other content, place or size."""
        self.prepareGeometryChange()
        self.shown, self._size = shown, QSizeF(*shown.size)
        self.setPos(*shown.position)
        self.update()

    def outline(self) -> QRectF:
        """The rectangle in scene coordinates."""
        return QRectF(self.pos(), self._size)

    def place(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Position and size as the mouse has left them, on the grid."""
        size = snapped(QPointF(self._size.width(), self._size.height()))
        return snapped(self.pos()), size

    def boundingRect(self) -> QRectF:
        return QRectF(QPointF(), self._size).adjusted(-2, -2, 2, 2)

    def _grip(self) -> QRectF:
        return QRectF(self._size.width() - _GRIP, self._size.height() - _GRIP, _GRIP, _GRIP)

    def _paint_grip(self, painter: QPainter) -> None:
        grip = self._grip()
        painter.setPen(QPen(theme().color("text_faint"), 1.2))
        for inset in (4.0, 8.0):
            start = QPointF(grip.right() - 3, grip.bottom() - inset)
            painter.drawLine(start, QPointF(grip.right() - inset, grip.bottom() - 3))

    def hoverMoveEvent(self, event: QGraphicsSceneHoverEvent) -> None:
        over = self._grip().contains(event.pos())
        self.setCursor(Qt.CursorShape.SizeFDiagCursor if over else Qt.CursorShape.ArrowCursor)

    def mousePressEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and self._grip().contains(event.pos()):
            self._resizing = QPointF(self._size.width(), self._size.height()) - event.pos()

    def mouseMoveEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        if self._resizing is None:
            super().mouseMoveEvent(event)
            return
        corner = event.pos() + self._resizing
        self.prepareGeometryChange()
        self._size = QSizeF(corner.x(), corner.y()).expandedTo(_SMALLEST)

    def mouseReleaseEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        self._resizing = None
        super().mouseReleaseEvent(event)


class FrameItem(AreaItem):
    """A frame: taken by its title or its edge, so that a selection can be drawn inside; it carries what lies in it."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame)
        self.setZValue(-10)

    def shape(self) -> QPainterPath:
        """Title, edge and grip."""
        path = QPainterPath()
        path.setFillRule(Qt.FillRule.OddEvenFill)
        whole = QRectF(QPointF(), self._size)
        path.addRect(whole)
        path.addRect(whole.adjusted(_EDGE, TITLE_HEIGHT, -_EDGE, -_EDGE))
        path.addRect(self._grip().adjusted(0, 0, -_EDGE, -_EDGE))
        return path

    def carried(self) -> list[QGraphicsItem]:
        """The cards and notes that lie whole within the frame."""
        inside = self.scene().items(self.outline(), Qt.ItemSelectionMode.ContainsItemBoundingRect)
        return [item for item in inside if item is not self and item.parentItem() is None and _movable(item)]

    def mousePressEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and self._resizing is None:
            for item in self.carried():
                item.setSelected(True)  # Qt moves whatever is selected

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        assert isinstance(self.shown, Frame)
        look, whole = theme(), QRectF(QPointF(), self._size)
        color = QColor(self.shown.color) if self.shown.color else look.color("accent")
        fill = QColor(color)
        fill.setAlpha(22)
        edge = QColor(color)
        edge.setAlpha(255 if self.isSelected() else 110)
        painter.setPen(QPen(edge, 1.5))
        painter.setBrush(fill)
        painter.drawRoundedRect(whole, 10, 10)
        painter.setFont(font("font_title", bold=True))
        painter.setPen(look.color("text" if self.shown.title else "text_faint"))
        box = QRectF(12, 0, whole.width() - 24, TITLE_HEIGHT)
        left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(box, left, self.shown.title or "Frame")
        self._paint_grip(painter)


class NoteItem(AreaItem):
    """A note: its Markdown as formatted text."""

    def __init__(self, note: Note) -> None:
        super().__init__(note)
        self.setZValue(0)
        self._text = QTextDocument()
        self._text.setDefaultFont(font())
        self._set_text()

    def show_area(self, shown: Frame | Note) -> None:
        super().show_area(shown)
        self._set_text()

    def _set_text(self) -> None:
        assert isinstance(self.shown, Note)
        sheet = f"a {{ color: {theme().colors['accent']} }}"
        self._text.setDefaultStyleSheet(sheet)
        self._text.setMarkdown(self.shown.text or "*Double-click to write.*")

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        look, whole = theme(), QRectF(QPointF(), self._size)
        painter.setPen(QPen(look.color("accent" if self.isSelected() else "card_border"), 1.0))
        painter.setBrush(look.color("note"))
        painter.drawRoundedRect(whole, 8, 8)
        painter.save()
        painter.translate(12, 8)
        painter.setClipRect(QRectF(0, 0, whole.width() - 24, whole.height() - 16))
        self._text.setTextWidth(whole.width() - 24)
        context = self._text.documentLayout().PaintContext()
        context.palette.setColor(context.palette.ColorRole.Text, look.color("text"))
        self._text.documentLayout().draw(painter, context)
        painter.restore()
        self._paint_grip(painter)


def _movable(item: QGraphicsItem) -> bool:
    return bool(item.flags() & QGraphicsItem.GraphicsItemFlag.ItemIsMovable)
