"""Where the names of layout boxes stand: at a corner of their box, and not over one another where there is room."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QPointF, QRectF, QSizeF

_STEPS = 8
"""Places that are tried along a box's edge when its corners are taken."""


def place_tags(boxes: Sequence[QRectF], sizes: Sequence[QSizeF], room: QRectF) -> list[QRectF]:
    """Return where the name of each box stands, within `room`.

    Each takes the first free place: inside the upper left corner, or above a box that it would hide; then the other
    corners, inside and outside; then anywhere along the upper and the lower edge. Where all are taken, it stands where
    it covers the least.
    """
    placed: list[QRectF] = []
    for box, size in zip(boxes, sizes, strict=True):
        tried = [_within(place, room) for place in _places(box, size)]
        placed.append(min(tried, key=lambda place: _covered(place, placed)))  # the first of equals
    return placed


def _places(box: QRectF, size: QSizeF) -> Iterator[QRectF]:
    width, height = size.width(), size.height()
    rows = (box.top(), box.top() - height, box.bottom() - height, box.bottom())
    if box.width() < 1.5 * width or box.height() < 2 * height:  # it would hide its own box
        rows = (box.top() - height, box.bottom(), box.top(), box.bottom() - height)
    for x in (box.left(), box.right() - width):
        for y in rows:
            yield QRectF(QPointF(x, y), size)
    for step in range(1, _STEPS):
        for y in rows:
            yield QRectF(QPointF(box.left() + (box.width() - width) * step / _STEPS, y), size)


def _within(place: QRectF, room: QRectF) -> QRectF:
    """Move a place into the room, as far as it is not larger."""
    x = max(min(place.left(), room.right() - place.width()), room.left())
    y = max(min(place.top(), room.bottom() - place.height()), room.top())
    return QRectF(QPointF(x, y), place.size())


def _covered(place: QRectF, placed: Sequence[QRectF]) -> float:
    """How many square pixels of those that are there already a place would cover."""
    common = [place.intersected(other) for other in placed]
    return sum(rect.width() * rect.height() for rect in common)
