"""The canvas itself: NodeGraphQt's viewer with its own navigation, drops and look."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QGraphicsView

from app.catalogue import SettingCard
from app.editor.area_items import AreaItem
from app.editor.linking import LinkingViewer
from app.editor.node_item import CardItem
from app.editor.overview import Overview
from app.editor.port_item import LoomPort
from app.theme import theme

NODE_MIME = "application/x-latent-loom-node"
_GRID = 24
_COARSE_BELOW = 0.7
"""At a smaller scale every second dot of the grid is left out."""
_SMALLEST, _LARGEST = 0.05, 3.0
_SETTLE_MS = 90
"""This long after the last step of a zoom, cards are painted sharp."""


class LoomViewer(LinkingViewer):
    """The canvas.

    Beside NodeGraphQt's own signals:

    Signals:
        node_dropped(str, QPointF): A kind of node was dropped at a scene position.
        file_dropped(str): A local file was dropped.
        menu_asked(QPoint, QPointF): The context menu, at a global and a scene position.
        refit_asked(): The size changed while everything was in view.
        setting_asked(CardItem, SettingCard): A shown setting was double-clicked.
        text_clicked(str, str): The text of a node's setting was clicked: ids of node and setting.
        entered(): Enter was pressed on the canvas.
        search_asked(QPointF): The empty canvas was double-clicked, at this scene position.
        view_changed(): The view was moved or scaled.
        area_asked(str): The frame or note with this id was double-clicked.
        dragging(): Selected things may have moved with the pointer.
        dragged(): The left button was let go; selected things may have moved.

    Attributes:
        fitted: Whether everything was brought into view and nobody has moved the view since.
        overview: What is painted from far away.
        zooming: Whether a zoom goes on, so that pictures of another scale serve for a moment.
    """

    node_dropped = Signal(str, QPointF)
    file_dropped = Signal(str)
    menu_asked = Signal(object, QPointF)
    refit_asked = Signal()
    setting_asked = Signal(CardItem, SettingCard)
    text_clicked = Signal(str, str)
    entered = Signal()
    search_asked = Signal(QPointF)
    view_changed = Signal()
    area_asked = Signal(str)
    dragging = Signal()
    dragged = Signal()

    def __init__(self) -> None:
        self.fitted = self.zooming = False
        self._double = False
        self.overview = Overview(lambda: ((), (), ()))
        self._settle = QTimer()
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._end_zoom)
        self._dots: tuple[int, int, int, QPolygonF] = (0, 0, 0, QPolygonF())
        super().__init__()
        self._settle.setParent(self)
        self.setObjectName("viewer")
        self.setBackgroundBrush(theme().color("canvas"))
        self.setCacheMode(QGraphicsView.CacheModeFlag.CacheNone)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setMouseTracking(True)

    def show_rect(self, rect: QRectF, *, largest: float = 1.0) -> None:
        """Bring `rect` (scene) into view whole, at a scale of `largest` at most."""
        size = self.viewport().size()
        if rect.isEmpty() or size.isEmpty():
            return
        scale = min(size.width() / rect.width(), size.height() / rect.height(), largest)
        self._look_at(rect.center(), max(scale, _SMALLEST))
        self.fitted = True

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Scale by `factor` around a scene position (the centre when None), within the canvas' limits."""
        scale = self.transform().m11()
        factor = min(max(scale * factor, _SMALLEST), _LARGEST) / scale
        self.scale(factor, factor, at)
        self.fitted = False

    def _look_at(self, centre: QPointF, scale: float) -> None:
        size = self.viewport().size()
        width, height = size.width() / scale, size.height() / scale
        self._scene_range = QRectF(centre.x() - width / 2, centre.y() - height / 2, width, height)
        self._update_scene()

    def _update_scene(self) -> None:
        """Show the scene range; Qt's fitInView would shrink it by its own margin each time."""
        self.setSceneRect(self._scene_range)
        width = self._scene_range.width()
        if width > 0:
            scale = max(self.viewport().width(), 1) / width
            if abs(scale - self.transform().m11()) > 1e-9:
                self.zooming = True
                self._settle.start()
            self.resetTransform()
            QGraphicsView.scale(self, scale, scale)
        self.view_changed.emit()

    def _end_zoom(self) -> None:
        self.zooming = False
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the items, or from far away the overview."""
        seen, scale = self.mapToScene(self.viewport().rect()).boundingRect(), self.transform().m11()
        if not self.overview.serves(seen, scale):
            super().paintEvent(event)
            return
        painter = QPainter(self.viewport())
        painter.setClipRegion(event.region())
        painter.setTransform(self.viewportTransform())
        self.drawBackground(painter, seen)
        self.overview.paint(painter, seen, scale)
        for drawn in (self._LIVE_PIPE, self._SLICER_PIPE):
            if drawn.isVisible():
                drawn.paint(painter, None)
        painter.end()

    def drawBackground(self, painter: QPainter, rect: QRectF) -> None:
        painter.fillRect(rect, theme().color("canvas"))
        scale = self.transform().m11()
        if scale < 0.3:
            return
        painter.setPen(QPen(theme().color("canvas_dot"), 2.0 / scale))
        step = _GRID if scale > _COARSE_BELOW else 2 * _GRID
        left, top = rect.left() // step * step, rect.top() // step * step
        columns, rows = int(rect.width() // step) + 2, int(rect.height() // step) + 2
        if self._dots[:3] != (step, columns, rows):  # the same dots serve every frame of a pan
            points = QPolygonF([QPointF(x * step, y * step) for y in range(rows) for x in range(columns)])
            self._dots = (step, columns, rows, points)
        painter.translate(left, top)
        painter.drawPoints(self._dots[3])
        painter.translate(-left, -top)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep scale and centre, or everything in view where it was so before."""
        centre, scale = self._scene_range.center(), self.transform().m11() or 1.0
        QGraphicsView.resizeEvent(self, event)
        self._last_size = self.size()
        self._look_at(centre, scale)
        if self.fitted:
            self.refit_asked.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        delta = event.angleDelta().y() or event.angleDelta().x()
        self.zoom(1.0015**delta, self.mapToScene(event.position().toPoint()))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Ctrl extends the selection as Shift does; the middle button pans also from on top of a card."""
        both = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier
        self.ALT_state = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        self.SHIFT_state, self.CTRL_state = bool(event.modifiers() & both), False
        if event.button() == Qt.MouseButton.MiddleButton:
            self._origin_pos = self._previous_pos = event.position().toPoint()
            self.MMB_state = True
            self.fitted = False
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            return
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if self.LMB_state and not self._rubber_band.isActive and not self._LIVE_PIPE.isVisible():
            self.dragging.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.unsetCursor()
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self.dragged.emit()
        double, self._double = self._double, False
        moved = (event.position().toPoint() - self._origin_pos).manhattanLength() > 3
        if event.button() == Qt.MouseButton.LeftButton and not event.modifiers() and not moved and not double:
            card, setting = self._setting_at(event)
            if card is not None and setting is not None and setting.widget == "multiline":
                self.text_clicked.emit(card.id, setting.name)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Edit a setting in its place, or search for a node where the canvas is empty."""
        if event.button() != Qt.MouseButton.LeftButton or event.modifiers():
            super().mouseDoubleClickEvent(event)
            return
        self._double = True
        place = event.position().toPoint()
        card, setting = self._setting_at(event)
        if card is not None and setting is not None:
            self.setting_asked.emit(card, setting)
        elif area := next((item for item in self.items(place) if isinstance(item, AreaItem)), None):
            self.area_asked.emit(area.id)
        elif not self.items(place):
            self.search_asked.emit(self.mapToScene(place))

    def _setting_at(self, event: QMouseEvent) -> tuple[CardItem | None, SettingCard | None]:
        place = event.position().toPoint()
        top = next((item for item in self.items(place) if isinstance(item, (CardItem, LoomPort))), None)
        card = top if isinstance(top, CardItem) else None
        return card, card.setting_at(self.mapToScene(place)) if card else None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Without NodeGraphQt's hint texts on the canvas."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.entered.emit()
            return
        QGraphicsView.keyPressEvent(self, event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        QGraphicsView.keyReleaseEvent(self, event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        QGraphicsView.focusInEvent(self, event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.RMB_state = False
        self.menu_asked.emit(event.globalPos(), self.mapToScene(event.pos()))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _droppable(event.mimeData()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if _droppable(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        mime = event.mimeData()
        if mime.hasFormat(NODE_MIME):
            kind = bytes(mime.data(NODE_MIME).data()).decode()
            self.node_dropped.emit(kind, self.mapToScene(event.position().toPoint()))
        elif mime.hasUrls():
            self.file_dropped.emit(mime.urls()[0].toLocalFile())
        event.acceptProposedAction()


def _droppable(mime: QMimeData) -> bool:
    return mime.hasFormat(NODE_MIME) or (mime.hasUrls() and mime.urls()[0].isLocalFile())
