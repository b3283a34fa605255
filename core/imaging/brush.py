"""A brush: round stamps along a smooth curve through every point of the pointer. Coordinates are pixels, x first."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.imaging.painted import Painted

_PHASES = 4
"""Parts of a pixel that the place of a stamp is told by."""
_SMALL, _PENCIL = 24.0, 2.0
"""Diameters between which they matter: a larger stamp shows no difference, a smaller one fills whole pixels."""


@dataclass(frozen=True, kw_only=True)
class Brush:
    """How a stroke looks.

    Attributes:
        size: Diameter in pixels, 1 to 2048.
        hardness: Share of the radius that is full, 0 to 1; from there to the edge it falls off smoothly.
        opacity: Value of the full part, 0 to 1. Strokes do not add up: a second one at 0.5 leaves 0.5.
        spacing: Distance of stamps as a share of the diameter, 0.02 to 2; never under half a pixel.
    """

    size: float = 40.0
    hardness: float = 0.9
    opacity: float = 1.0
    spacing: float = 0.1


@dataclass(frozen=True)
class Dab:
    """A place of the pointer: x and y in pixels, pressure 0 to 1."""

    x: float
    y: float
    pressure: float = 1.0


@dataclass(frozen=True)
class Area:
    """A rectangle of pixels; empty if a side is 0 or less."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def empty(self) -> bool:
        """Whether it holds no pixel."""
        return self.right <= self.left or self.bottom <= self.top

    @property
    def box(self) -> tuple[slice, slice]:
        """Rows and columns."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def united(self, other: Area) -> Area:
        """Return the smallest rectangle around both."""
        if self.empty or other.empty:
            return other if self.empty else self
        return Area(
            min(self.left, other.left), min(self.top, other.top),
            max(self.right, other.right), max(self.bottom, other.bottom),
        )  # fmt: skip

    def within(self, height: int, width: int) -> Area:
        """Return the part inside pixels [height, width]."""
        return Area(max(0, self.left), max(0, self.top), min(width, self.right), min(height, self.bottom))


NOWHERE = Area(0, 0, 0, 0)


class Stroke:
    """One stroke, fed with the pointer's places as they come.

    The curve is a cubic Hermite spline through every place, whose tangents weigh the neighbours by their distance
    (as a parabola through three places has them), so that a fast, coarse movement is round and still meets each place.
    A piece is known when the place after it is: `to` therefore lags one place behind, and `finish` makes up for it.
    """

    def __init__(self, brush: Brush, start: Dab) -> None:
        self._brush = brush
        self._places = [start]
        self._left_over = 0.0
        self._begun = False

    def to(self, place: Dab) -> list[Dab]:
        """Take the next place; return the stamps that are known now."""
        if (place.x, place.y) == (self._places[-1].x, self._places[-1].y):
            return []
        self._places.append(place)
        if len(self._places) < 3:
            return []
        made = self._piece(self._places[-4] if len(self._places) > 3 else None, *self._places[-3:])
        del self._places[:-3]
        return made

    def finish(self) -> list[Dab]:
        """Return the stamps that are still missing."""
        last = self._places[-1]
        if len(self._places) == 1:
            return [] if self._begun else [last]
        before = self._places[-3] if len(self._places) > 2 else None
        made = self._piece(before, self._places[-2], last, None)
        if not made or math.hypot(made[-1].x - last.x, made[-1].y - last.y) > 0.25:
            made.append(last)
        return made

    def _piece(self, before: Dab | None, start: Dab, end: Dab, after: Dab | None) -> list[Dab]:
        """Return the stamps from `start` to `end`, spaced evenly along the curve and on from the piece before."""
        first = [] if self._begun else [start]
        self._begun = True
        return first + list(self._spaced(_curve(before, start, end, after)))

    def _spaced(self, line: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> Iterator[Dab]:
        lengths = np.hypot(*np.diff(line[:, :2], axis=0).T)
        along = np.concatenate([[0.0], np.cumsum(lengths)])
        pressure = float(line[:, 2].mean())
        gap = max(0.5, self._brush.spacing * self._brush.size * max(pressure, 0.1))
        places = np.arange(gap - self._left_over, along[-1] + 1e-9, gap)
        self._left_over = float(along[-1] - places[-1]) if len(places) else self._left_over + float(along[-1])
        columns = [np.interp(places, along, line[:, column]).tolist() for column in range(3)]
        return (Dab(x, y, p) for x, y, p in zip(*columns, strict=True))


def stamp(brush: Brush, dab: Dab, height: int, width: int) -> tuple[Area, Painted]:
    """Return where a stamp falls on pixels [height, width], and its values there [h, w]; both may be empty."""
    size = max(1.0, brush.size * dab.pressure)
    column, row = math.floor(dab.x), math.floor(dab.y)
    phases = (_PHASES // 2, _PHASES // 2)  # the middle of the pixel
    if _PENCIL < size < _SMALL:
        phases = round((dab.x - column) * _PHASES), round((dab.y - row) * _PHASES)
    shape = _shape(round(size * 2) / 2, brush.hardness, brush.opacity, *phases)
    half = shape.shape[0] // 2
    inside = Area(column - half, row - half, column + half + 1, row + half + 1).within(height, width)
    left, top = column - half, row - half
    return inside, shape[
        max(0, inside.top - top) : max(0, inside.bottom - top),
        max(0, inside.left - left) : max(0, inside.right - left),
    ]


def blend(target: Painted, values: Painted, *, erase: bool = False, label: int | None = None) -> None:
    """Paint values [h, w] on pixels of the same shape, in place.

    Painting keeps the larger of what is there and the value, erasing the smaller of what is there and the value's
    reverse: so overlapping stamps leave no traces of each other. With a `label`, pixels covered by more than half of
    the strongest value get it instead, or 0 when erasing.
    """
    if label is not None:
        np.copyto(target, np.uint8(0 if erase else label), where=values > values.max(initial=0) / 2)
    elif erase:
        np.minimum(target, 255 - values, out=target)
    else:
        np.maximum(target, values, out=target)


def _curve(
    before: Dab | None, start: Dab, end: Dab, after: Dab | None
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return places [n, 3] (x, y, pressure) on the curve from `start` to `end`, both included."""
    a, b = (np.array([dab.x, dab.y, dab.pressure]) for dab in (start, end))
    length = math.hypot(b[0] - a[0], b[1] - a[1])
    middle = np.array([b[0] - a[0], b[1] - a[1], 0.0])
    leaving = None if before is None else _tangent(before, start, end, length)
    arriving = None if after is None else _tangent(start, end, after, length)
    if leaving is None:  # a parabola, which its other end and the chord decide
        leaving = middle if arriving is None else 2 * middle - arriving
    if arriving is None:
        arriving = 2 * middle - leaving
    count = 2 + int(min(length, 256) / 4)
    t = np.linspace(0.0, 1.0, count)[:, None]
    line = (
        (2 * t**3 - 3 * t**2 + 1) * a + (t**3 - 2 * t**2 + t) * leaving
        + (3 * t**2 - 2 * t**3) * b + (t**3 - t**2) * arriving
    )  # fmt: skip
    line[:, 2] = a[2] + (b[2] - a[2]) * t[:, 0]
    return np.asarray(line)


def _tangent(before: Dab, at: Dab, after: Dab, length: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the derivative at a place over a piece of this length, by the parabola through it and its neighbours."""
    here = np.array([at.x, at.y, 0.0])
    first, second = here - np.array([before.x, before.y, 0.0]), np.array([after.x, after.y, 0.0]) - here
    d, e = (max(float(np.hypot(way[0], way[1])), 1e-9) for way in (first, second))
    return np.asarray((first / d * e + second / e * d) / (d + e) * length)


@lru_cache(maxsize=256)
def _shape(size: float, hardness: float, opacity: float, phase_x: int, phase_y: int) -> Painted:
    """Return a stamp [n, n], n odd, with an edge softened over one pixel at least."""
    radius = size / 2
    half = math.ceil(radius + 0.5)
    grid = np.arange(-half, half + 1, dtype=np.float32) + 0.5
    x, y = (grid - phase / _PHASES for phase in (phase_x, phase_y))
    distance = np.hypot(x[None, :], y[:, None])
    soft = max((1 - hardness) * radius, 0.5)
    share = np.clip((radius + 0.5 - distance) / (soft + 0.5), 0, 1)
    if hardness < 1:
        share = share * share * (3 - 2 * share)
    made: Painted = np.round(share * (255 * opacity)).astype(np.uint8)
    made.setflags(write=False)
    return made
