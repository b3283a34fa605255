"""A card's picture at one scale, kept while the card looks the same: painting it anew takes Python far longer."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QPainter, QPixmap, QPixmapCache

_CACHE_KB = 48 * 1024
"""For all cards of all documents; what was not used for the longest time goes first."""


class CardPicture:
    """The picture of one card.

    Attributes:
        scale: What the picture was painted at, device pixels a scene pixel; 0 = there is none.
    """

    def __init__(self) -> None:
        self.scale = 0.0
        self._key = QPixmapCache.Key()

    def forget(self) -> None:
        """The card looks different now."""
        if self.scale:
            QPixmapCache.remove(self._key)
            self.scale = 0.0

    def draw(self, painter: QPainter, box: QRectF, paint: Callable[[QPainter], None], *, hurried: bool) -> None:
        """Draw the card that `paint` paints within `box` (card coordinates).

        A `hurried` frame, one of a zoom that goes on, takes a picture of another scale where there is one.
        """
        transform = painter.worldTransform()
        ratio = painter.device().devicePixelRatio()
        scale = transform.m11() * ratio
        kept = QPixmap()
        found = bool(self.scale) and QPixmapCache.find(self._key, kept)
        if not found or (self.scale != scale and not hurried):
            self.forget()
            kept = _painted(box, scale, paint)
            QPixmapCache.setCacheLimit(max(QPixmapCache.cacheLimit(), _CACHE_KB))
            self._key, self.scale = QPixmapCache.insert(kept), scale
        if self.scale == scale:
            corner = transform.map(box.topLeft()) * ratio
            corner = QPointF(round(corner.x()), round(corner.y())) / ratio  # whole pixels keep it sharp
            painter.save()
            painter.resetTransform()
            kept.setDevicePixelRatio(ratio)
            painter.drawPixmap(corner, kept)
            painter.restore()
        else:
            kept.setDevicePixelRatio(1.0)
            size = QSizeF(kept.width() / self.scale, kept.height() / self.scale)
            painter.drawPixmap(QRectF(box.topLeft(), size), kept, QRectF(kept.rect()))


def _painted(box: QRectF, scale: float, paint: Callable[[QPainter], None]) -> QPixmap:
    picture = QPixmap((box.size() * scale).toSize().expandedTo(QSizeF(1, 1).toSize()))
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(scale, scale)
    painter.translate(-box.topLeft())
    paint(painter)
    painter.end()
    return picture
