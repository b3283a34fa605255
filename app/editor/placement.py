"""Where a new card goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from PySide6.QtCore import QPointF, QRectF, QSizeF

SNAP = 8
_GAP = 16.0
_STEP = 32.0
_RINGS = 60


def snapped(point: QPointF) -> tuple[float, float]:
    """The nearest point of the grid that cards lie on."""
    return (float(round(point.x() / SNAP) * SNAP), float(round(point.y() / SNAP) * SNAP))


def free_place(size: QSizeF, near: QPointF, taken: Iterable[QRectF]) -> tuple[float, float]:
    """The corner for a card of this size that overlaps none of `taken`, its middle as near to `near` as can be."""
    margins = [rect.adjusted(-_GAP, -_GAP, _GAP, _GAP) for rect in taken]
    corner = near - QPointF(size.width() / 2, size.height() / 2)
    for offset in _outwards():
        place = snapped(corner + offset)
        if not any(rect.intersects(QRectF(QPointF(*place), size)) for rect in margins):
            return place
    lowest = max((rect.bottom() for rect in margins), default=corner.y())
    return snapped(QPointF(corner.x(), lowest))


def _outwards() -> Iterator[QPointF]:
    """Offsets on a lattice, ring after ring; on a ring the nearest first."""
    yield QPointF(0, 0)
    for ring in range(1, _RINGS):
        steps = range(-ring, ring + 1)
        edge = [(x, y) for x in steps for y in steps if max(abs(x), abs(y)) == ring]
        for x, y in sorted(edge, key=lambda step: step[0] ** 2 + step[1] ** 2):
            yield QPointF(x * _STEP, y * _STEP)
