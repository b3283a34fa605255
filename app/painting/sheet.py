"""A picture with what is painted over it, zoomed and moved."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QResizeEvent, QTransform
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.painting.surface import Surface
from app.theme import theme

LARGEST_SCALE = 32.0
_SMALLEST_SCALE = 0.01
_SMOOTH_BELOW = 2.0
"""Enlarged more than this, pixels are shown as squares: a person is then working on pixels."""
_GRID_FROM = 12.0
"""Enlarged more than this, lines part the pixels."""
_MARGIN = 16
BARE = QColor(112, 116, 124)
"""The paper where no picture lies on it."""


class Sheet(QWidget):
    """Shows a surface over a picture.

    Attributes:
        surface: What is painted.
        picture: What lies below, or None; of the surface's size.
        looked_at: A picture to look at in place of picture and paint, or None.
        scale: Screen pixels a picture pixel.
        offset: Where the picture's upper left corner is on the widget.

    Signals:
        zoomed(float): Another scale.
    """

    zoomed = Signal(float)

    def __init__(self, surface: Surface) -> None:
        super().__init__()
        self.surface = surface
        self.picture: QImage | None = None
        self.looked_at: QImage | None = None
        self.scale, self.offset = 1.0, QPointF()
        self._levels: list[QImage] = []
        self._paper = QSize()
        self._grip: QPointF | None = None
        self._fitted = True
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent, True)
        self.setMinimumSize(200, 112)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        surface.changed.connect(self._show_change)
        surface.resized.connect(self._resized)

    def set_picture(self, picture: QImage | None) -> None:
        """Lay another picture below, or none."""
        self.picture = picture
        self._levels = _halved(picture) if picture is not None else []
        self.update()

    def look_at(self, picture: QImage | None) -> None:
        """Look at another picture of any size, laid over the paper; None = at what is painted again."""
        self.looked_at = picture
        self.update()

    def fit(self) -> None:
        """Show all, as large as it fits."""
        room = self.size() - QSize(2 * _MARGIN, 2 * _MARGIN)
        width, height = self.surface.width, self.surface.height
        self._fitted = True
        self.scale = min(max(min(room.width() / width, room.height() / height), _SMALLEST_SCALE), LARGEST_SCALE)
        self.offset = QPointF(
            round((self.width() - width * self.scale) / 2), round((self.height() - height * self.scale) / 2)
        )
        self.update()
        self.zoomed.emit(self.scale)

    def zoom_to(self, scale: float, at: QPointF | None = None) -> None:
        """Zoom, up to 3200 %, with one place of the widget held; None = its middle."""
        at = QRectF(self.rect()).center() if at is None else at
        place = self.to_picture(at)
        self.scale = min(max(scale, _SMALLEST_SCALE), LARGEST_SCALE)
        self.offset = at - place * self.scale
        self._fitted = False
        self.update()
        self.zoomed.emit(self.scale)

    @property
    def grabbed(self) -> bool:
        """Whether the picture is being moved."""
        return self._grip is not None

    def grab_paper(self, place: QPointF) -> None:
        """Take hold of the picture at a place of the widget, to move it."""
        self._grip = self.to_picture(place)

    def pan_to(self, place: QPointF) -> None:
        """Move the picture so that what was taken hold of is at this place of the widget."""
        if self._grip is not None:
            self.offset, self._fitted = place - self._grip * self.scale, False
            self.update()

    def let_go(self) -> None:
        """Leave the picture where it is."""
        self._grip = None

    def to_picture(self, place: QPointF) -> QPointF:
        """The place of the picture that is shown at a place of the widget."""
        return QPointF((place.x() - self.offset.x()) / self.scale, (place.y() - self.offset.y()) / self.scale)

    def to_widget(self, place: QPointF) -> QPointF:
        """The place of the widget that shows a place of the picture."""
        return place * self.scale + self.offset

    def transform_to_widget(self) -> QTransform:
        """The way from the picture's pixels to the widget's."""
        return QTransform(self.scale, 0, 0, self.scale, self.offset.x(), self.offset.y())

    def draw_over(self, painter: QPainter) -> None:
        """Draw more on top; the painter's units are the picture's pixels."""

    def _resized(self) -> None:
        if self.picture is not None and self.picture.size() != QSize(self.surface.width, self.surface.height):
            self.set_picture(None)
        paper = QSize(self.surface.width, self.surface.height)
        if paper != self._paper:  # the same size may be begun anew: zoom and place then stay
            self._paper = paper
            self.fit()
        self.update()

    def _show_change(self, area: QRect) -> None:
        self.update(self.transform_to_widget().mapRect(QRectF(area)).toAlignedRect().adjusted(-2, -2, 2, 2))

    def _draw_grid(self, painter: QPainter, part: QRect) -> None:
        seen = self.transform_to_widget().inverted()[0].mapRect(QRectF(part)).toAlignedRect()
        seen = seen.intersected(QRect(0, 0, self.surface.width, self.surface.height))
        pen = QPen(QColor(128, 128, 128, 60), 0)
        painter.setPen(pen)
        for x in range(seen.left(), seen.right() + 2):
            painter.drawLine(x, seen.top(), x, seen.bottom() + 1)
        for y in range(seen.top(), seen.bottom() + 2):
            painter.drawLine(seen.left(), y, seen.right() + 1, y)

    def paintEvent(self, event: QPaintEvent) -> None:
        look, painter = theme(), QPainter(self)
        painter.fillRect(event.rect(), look.color("canvas"))
        painter.setTransform(self.transform_to_widget())
        paper = QRectF(0, 0, self.surface.width, self.surface.height)
        if self.looked_at is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.scale < _SMOOTH_BELOW)
            painter.drawImage(_around(paper, self.looked_at.size()), self.looked_at)
            return
        if self._levels:
            level = min(max(0, math.floor(-math.log2(self.scale))), len(self._levels) - 1)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.scale < _SMOOTH_BELOW)
            painter.drawImage(paper, self._levels[level])
        else:
            painter.fillRect(paper, BARE)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(paper, self.surface.image)
        if self.scale >= _GRID_FROM:
            self._draw_grid(painter, event.rect())
        self.draw_over(painter)

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._fitted:
            self.fit()

    def sizeHint(self) -> QSize:
        return QSize(480, 480)


def _around(paper: QRectF, size: QSize) -> QRectF:
    """Where a picture of another shape lies: its middle on the paper's, as wide or as high as it, and within it."""
    factor = min(paper.width() / size.width(), paper.height() / size.height())
    rect = QRectF(0, 0, size.width() * factor, size.height() * factor)
    rect.moveCenter(paper.center())
    return rect


def _halved(picture: QImage) -> list[QImage]:
    """The picture, and smaller ones of half the side each, for looking at it from afar."""
    levels = [picture.convertToFormat(QImage.Format.Format_RGB32)]
    while min(levels[-1].width(), levels[-1].height()) > 256:
        size = (levels[-1].size() + QSize(1, 1)) / 2
        smooth = Qt.TransformationMode.SmoothTransformation
        levels.append(levels[-1].scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, smooth))
    return levels
