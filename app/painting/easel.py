"""The easel: a picture that a tool paints on. It hands the pointer, mouse or pen, to the tool."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QPointingDevice,
    QTabletEvent,
    QWheelEvent,
)

from app.painting.sheet import BARE, Sheet
from app.painting.surface import Surface
from app.painting.tools import Pointer, Tool


class Easel(Sheet):
    """Lets a tool paint; the wheel zooms, the middle button or Space moves the picture.

    Attributes:
        tool: What the pointer does.

    Signals:
        stroked(): A stroke is finished.
        pointed(QPointF): The pointer is at this place of the picture.
        size_asked(float): The brush's size should be this many times as large.
        painting_begun(): A button went down to paint.
    """

    stroked = Signal()
    pointed = Signal(QPointF)
    size_asked = Signal(float)
    painting_begun = Signal()

    def __init__(self, surface: Surface, tool: Tool) -> None:
        super().__init__(surface)
        # Every place that the pointer was at counts in a fast stroke.
        for attribute in ("AA_CompressHighFrequencyEvents", "AA_CompressTabletEvents"):
            QCoreApplication.setAttribute(getattr(Qt.ApplicationAttribute, attribute), False)
        self.tool = tool
        self._space = self._inside = self._drawing = self._erase = False
        self._place = QPointF(-1, -1)
        self._drawn_rect = QRect()
        self.setMouseTracking(True)
        self.setTabletTracking(True)  # a pen that hovers says where it is, too
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName("Picture to paint on")

    def set_tool(self, tool: Tool) -> None:
        """Take another tool; what the present one has begun is given up."""
        self.tool.cancel()
        self.tool = tool
        self.update()

    def cancel(self) -> bool:
        """Give up what the tool has begun; return whether there was something."""
        begun = self.tool.busy
        self.tool.cancel()
        self._drawing = False
        self.update()
        return begun

    def close_outline(self) -> None:
        """Finish what waits for its end, such as a polygon."""
        if self.tool.close():
            self.stroked.emit()
        self.update()

    def draw_over(self, painter: QPainter) -> None:
        """Draw the tool's outline and ring."""
        self.tool.draw(painter, self.scale)
        painter.resetTransform()
        self._draw_outline(painter)

    def _overlay_rect(self) -> QRect:
        """Where the ring around the pointer or a begun outline is drawn."""
        rect = QRect()
        if self.tool.ring and self._inside:
            radius = max(self.tool.options.brush.size * self.scale / 2, 2.0) + 3
            rect = QRectF(self._place.x() - radius, self._place.y() - radius, 2 * radius, 2 * radius).toAlignedRect()
        outline = self.tool.outline()
        if not outline.isEmpty():
            rect = rect.united(
                self.transform_to_widget().mapRect(outline.boundingRect()).toAlignedRect().adjusted(-3, -3, 3, 3)
            )
        return rect

    def _follow(self, place: QPointF) -> None:
        """The pointer is elsewhere: redraw what goes with it."""
        self._place, self._inside = place, True
        rect = self._overlay_rect()
        for part in (self._drawn_rect, rect):
            self.update(part)
        self._drawn_rect = rect
        self.pointed.emit(self.to_picture(place))

    def _begin(self, pointer: Pointer) -> None:
        self.painting_begun.emit()
        self._drawing, self._erase = True, pointer.erase
        self.tool.press(pointer)

    def _end(self, pointer: Pointer) -> None:
        self._drawing = False
        if self.tool.release(pointer):
            self.stroked.emit()

    def _draw_outline(self, painter: QPainter) -> None:
        """Draw light on dark, so that it is seen on every picture."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        outline = self.transform_to_widget().map(self.tool.outline())
        ring = self.tool.ring and self._inside and not self.grabbed and not self._space
        radius = max(self.tool.options.brush.size * self.scale / 2, 2.0)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, not outline.isEmpty())  # a large ring would take long
        for color, wider in ((QColor(0, 0, 0, 160), 1.0), (QColor(255, 255, 255, 230), 0.0)):
            painter.setPen(QPen(color, 1.2 + 1.8 * wider if not outline.isEmpty() else 0.0))
            painter.drawPath(outline)
            if ring:
                painter.drawEllipse(self._place, radius + wider, radius + wider)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        left, right = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
        if event.button() == Qt.MouseButton.MiddleButton or (self._space and event.button() == left):
            self.grab_paper(event.position())
            self._show_cursor()
        elif event.button() in (left, right) and not self._drawing:
            self._begin(_pointer(self, event, erase=event.button() == right))
            self._follow(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.grabbed:
            self.pan_to(event.position())
            return
        if self._drawing:
            self.tool.move(_pointer(self, event, erase=self._erase))
        else:
            self.tool.hover(_pointer(self, event))
        self._follow(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.grabbed:
            self.let_go()
            self._show_cursor()
        elif self._drawing:
            self._end(_pointer(self, event, erase=self._erase))
            self._follow(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.tool.busy and self.tool.close():
            self.stroked.emit()
            self.update()
        else:
            self.mousePressEvent(event)

    def tabletEvent(self, event: QTabletEvent) -> None:
        kind, place = event.type(), event.position()
        if kind == QEvent.Type.TabletPress and (self._space or event.button() == Qt.MouseButton.MiddleButton):
            self.grab_paper(place)
            self._show_cursor()
        elif kind == QEvent.Type.TabletPress and not self._drawing:
            self._begin(_pointer(self, event, erase=event.button() == Qt.MouseButton.RightButton))
        elif kind == QEvent.Type.TabletMove and self.grabbed:
            self.pan_to(place)
        elif kind == QEvent.Type.TabletMove and self._drawing:
            self.tool.move(_pointer(self, event, erase=self._erase))
        elif kind == QEvent.Type.TabletMove:
            self.tool.hover(_pointer(self, event))
        elif kind == QEvent.Type.TabletRelease and self.grabbed:
            self.let_go()
            self._show_cursor()
        elif kind == QEvent.Type.TabletRelease and self._drawing:
            self._end(_pointer(self, event, erase=self._erase))
        self._follow(place)
        event.accept()  # or Qt would make mouse events of it as well

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn = event.angleDelta().y() or event.angleDelta().x()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.size_asked.emit(1.001**turn)
        else:
            self.zoom_to(self.scale * 1.0015**turn, event.position())
        self._follow(event.position())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = True
            self._show_cursor()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.close_outline()
        elif not (event.key() == Qt.Key.Key_Escape and self.cancel()):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self._show_cursor()
        else:
            super().keyReleaseEvent(event)

    def _show_cursor(self) -> None:
        shapes = Qt.CursorShape
        hand = shapes.ClosedHandCursor if self.grabbed else shapes.OpenHandCursor
        self.setCursor(hand if self.grabbed or self._space else shapes.CrossCursor)

    def leaveEvent(self, event: QEvent) -> None:
        self._inside = False
        self.update(self._drawn_rect)


def thumbnail(easel: Easel, side: int) -> QImage:
    """What is painted, on bare paper, `side` pixels wide or high, and one at least the other way."""
    size = QSize(easel.surface.width, easel.surface.height)
    fitted = size.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1))
    made = QImage(fitted, QImage.Format.Format_RGB32)
    made.fill(BARE)
    scale = made.width() / size.width()
    painter = QPainter(made)
    painter.scale(scale, made.height() / size.height())
    painter.drawImage(0, 0, easel.surface.image)
    easel.tool.draw(painter, scale)
    painter.end()
    return made


def _pointer(sheet: Sheet, event: QMouseEvent | QTabletEvent, *, erase: bool = False) -> Pointer:
    """What an event says of the pointer."""
    pressure = 1.0
    if isinstance(event, QTabletEvent):
        pressure = event.pressure()
        erase = erase or event.pointerType() == QPointingDevice.PointerType.Eraser
    shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
    return Pointer(sheet.to_picture(event.position()), pressure, erase, shift, sheet.scale)
