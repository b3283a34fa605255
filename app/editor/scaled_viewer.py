"""What the canvas shows of the scene: pan, zoom, the dotted background, and the overview from far away."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QGraphicsView

from app.editor.linking import LinkingViewer
from app.editor.overview import Overview
from app.theme import theme

_GRID = 24
_COARSE_BELOW = 0.7
"""At a smaller scale every second dot of the grid is left out."""
_SMALLEST, _LARGEST = 0.05, 3.0
_SETTLE_MS = 90
"""This long after the last step of a zoom, cards are painted sharp."""


class ScaledViewer(LinkingViewer):
    """The view's place and scale, and how it is painted.

    Signals:
        refit_asked(): The size changed while everything was in view.
        view_changed(): The view was moved or scaled.

    Attributes:
        fitted: Whether everything was brought into view and nobody has moved the view since.
        overview: What is painted from far away.
        zooming: Whether a zoom goes on, so that pictures of another scale serve for a moment.
    """

    refit_asked = Signal()
    view_changed = Signal()

    def __init__(self) -> None:
        self.fitted = self.zooming = False
        self.overview = Overview(lambda: ((), (), ()))
        self._settle = QTimer()
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._end_zoom)
        self._dots: tuple[int, int, int, QPolygonF] = (0, 0, 0, QPolygonF())
        super().__init__()
        self._settle.setParent(self)
        self.setBackgroundBrush(theme().color("canvas"))
        self.setCacheMode(QGraphicsView.CacheModeFlag.CacheNone)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)

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

    def look_at(self, centre: QPointF) -> None:
        """Move the view's middle to a scene position."""
        self.fitted = False
        self._look_at(centre, self.transform().m11())

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
