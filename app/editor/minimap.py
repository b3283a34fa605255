"""A small picture of the whole workflow in a corner of the canvas, with what is in view; a click or drag goes there.

It gives way: once the view rests, it goes to a corner in which nothing lies, and is faint where there is none.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QEnterEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.editor.graph_view import GraphView
from app.editor.viewer import LoomViewer
from app.theme import theme

_SIZE = (176, 112)
_MARGIN = 12
_LEAST_CARDS = 2
_PAUSE_MS = 50
_REST_MS = 150
_FAINT = 0.35
_CORNERS = ((True, True), (False, True), (True, False), (False, False))
"""Right or left, lower or upper: the first one that is free is taken."""


class Minimap(QWidget):
    """Shown while a part of the workflow is out of view.

    Attributes:
        wanted: Whether a person wants it at all.
        faint: Whether it lies over something, and lets it show through until the pointer is on it.
    """

    def __init__(self, viewer: LoomViewer, view: GraphView) -> None:
        super().__init__(viewer)
        self._viewer, self._view = viewer, view
        self.wanted, self.faint = True, False
        self._corner = _CORNERS[0]
        self.setFixedSize(*_SIZE)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_PAUSE_MS)
        self._later.timeout.connect(self.refresh)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)  # not while a view is moved: it would jump about
        self._rest.timeout.connect(self.give_way)
        viewer.view_changed.connect(self.refresh)
        viewer.installEventFilter(self)
        self.hide()

    def refresh_soon(self) -> None:
        """Show an edit after a moment: many may come at once, and each asks for the whole workflow."""
        if not self._later.isActive():
            self._later.start()

    def turn(self) -> None:
        """Want it, or want it no longer."""
        self.wanted = not self.wanted
        self.refresh()

    def refresh(self) -> None:
        """Show what is in view now, or nothing where everything is."""
        whole, seen = self._whole(), self._seen()
        many = len(self._view.cards) >= _LEAST_CARDS
        self.setVisible(self.wanted and many and not seen.contains(whole))
        self.move(self._place(self._corner).topLeft())
        self.update()
        if self.isVisible():
            self._rest.start()

    def give_way(self) -> None:
        """Go where nothing is covered; stay, but faint, where there is no such place."""
        free = [corner for corner in (self._corner, *_CORNERS) if not self._covers(corner)]
        self._corner, self.faint = (free or [self._corner])[0], not free
        self.move(self._place(self._corner).topLeft())
        self.update()

    def _place(self, corner: tuple[bool, bool]) -> QRect:
        """Where it is in a corner of the viewer."""
        right, low = corner
        room = self._viewer.rect().adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        place = QRect(room.topLeft(), self.size())
        if right:
            place.moveRight(room.right())
        if low:
            place.moveBottom(room.bottom())
        return place

    def _covers(self, corner: tuple[bool, bool]) -> bool:
        seen = self._viewer.mapToScene(self._place(corner)).boundingRect()
        return self._viewer.overview.covers(QRectF(seen))

    def _whole(self) -> QRectF:
        return self._viewer.overview.whole()

    def _seen(self) -> QRectF:
        return QRectF(self._viewer.mapToScene(self._viewer.viewport().rect()).boundingRect())

    def _scale(self) -> tuple[float, QPointF]:
        """Scale and offset from the scene to this widget."""
        room = QRectF(self.rect()).adjusted(8, 8, -8, -8)
        whole = self._whole().united(self._seen())
        scale = min(room.width() / max(whole.width(), 1), room.height() / max(whole.height(), 1))
        return scale, room.center() - whole.center() * scale

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look = QPainter(self), theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(_FAINT if self.faint and not self.underMouse() else 1.0)
        painter.setPen(QPen(look.color("card_border"), 1))
        painter.setBrush(look.color("panel", 235))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        scale, offset = self._scale()
        painter.save()
        painter.translate(offset)
        painter.scale(scale, scale)
        self._viewer.overview.paint_boxes(painter)
        painter.restore()
        seen = self._seen()
        painter.setPen(QPen(look.color("accent"), 1.5))
        painter.setBrush(look.color("accent", 24))
        shown = QRectF(seen.topLeft() * scale + offset, seen.size() * scale)
        painter.drawRoundedRect(shown.intersected(QRectF(self.rect()).adjusted(2, 2, -2, -2)), 3, 3)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._go(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event)

    def _go(self, event: QMouseEvent) -> None:
        scale, offset = self._scale()
        self._viewer.look_at((event.position() - offset) / scale)

    def enterEvent(self, event: QEnterEvent) -> None:
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.refresh()
        return False
