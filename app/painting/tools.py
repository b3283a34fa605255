"""What the pointer does on the easel: each tool turns presses, moves and releases into paint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath

from app.painting.surface import Surface
from core.imaging.brush import Area, Brush, Dab, Stroke
from core.imaging.painted import flooded

_CLOSE_PX = 8.0
"""A polygon closes when its first corner is pressed, this near on the screen."""


@dataclass
class PaintOptions:
    """What a person has set: the brush, and how alike pixels are that are filled together (0 to 255)."""

    brush: Brush = field(default_factory=Brush)
    tolerance: int = 24


@dataclass(frozen=True)
class Pointer:
    """The pointer, in the picture's pixels.

    Attributes:
        place: Where.
        pressure: 0 to 1; a mouse has 1.
        erase: Whether the right button or the pen's other end is used.
        shift: Whether Shift is held.
        scale: Screen pixels a picture pixel.
    """

    place: QPointF
    pressure: float = 1.0
    erase: bool = False
    shift: bool = False
    scale: float = 1.0

    @property
    def dab(self) -> Dab:
        """As the brush takes it."""
        return Dab(self.place.x(), self.place.y(), self.pressure)


class Tool:
    """One tool; `press`, `move`, `release` while a button is held, `hover` without.

    Attributes:
        ring: Whether the pointer shows the brush's size.
        busy: Whether something is begun and not yet painted.
    """

    ring = False

    def __init__(self, surface: Surface, options: PaintOptions) -> None:
        self.surface, self.options = surface, options
        self.busy = False

    def press(self, pointer: Pointer) -> None:
        """A button goes down."""

    def move(self, pointer: Pointer) -> None:
        """The pointer moves with the button down."""

    def release(self, pointer: Pointer) -> bool:
        """The button goes up; return whether something is finished and may be kept."""
        return False

    def hover(self, pointer: Pointer) -> None:
        """The pointer moves without a button."""

    def close(self) -> bool:
        """Enter or a double click; return whether something is finished."""
        return False

    def cancel(self) -> None:
        """Give up what is begun."""
        self.busy = False

    def outline(self) -> QPainterPath:
        """What is begun, to be drawn over the picture, in its pixels."""
        return QPainterPath()

    def draw(self, painter: QPainter, scale: float) -> None:
        """Draw more than an outline; the painter's units are the picture's pixels."""


class BrushTool(Tool):
    """Paints along the pointer's way; Shift draws a straight line from where the last stroke ended."""

    ring = True

    def __init__(self, surface: Surface, options: PaintOptions, *, eraser: bool = False) -> None:
        super().__init__(surface, options)
        self._eraser = eraser
        self._stroke: Stroke | None = None
        self._last: Dab | None = None
        self._erase = False

    def press(self, pointer: Pointer) -> None:
        self._erase = pointer.erase or self._eraser
        dab, self.busy = pointer.dab, True
        start = self._last if pointer.shift and self._last is not None else dab
        self._stroke = Stroke(self.options.brush, replace(start, pressure=dab.pressure))
        if start is dab:
            self._paint([dab])  # at once: a stroke is seen from its first point
        else:
            self._paint(self._stroke.to(dab) + self._stroke.finish())
            self._stroke = Stroke(self.options.brush, dab)

    def move(self, pointer: Pointer) -> None:
        if self._stroke is not None:
            self._paint(self._stroke.to(pointer.dab))

    def release(self, pointer: Pointer) -> bool:
        if self._stroke is None:
            return False
        end = replace(pointer.dab, pressure=pointer.pressure or 0.05)  # a pen that is lifted has none
        self._paint(self._stroke.to(end) + self._stroke.finish())
        self._stroke, self.busy, self._last = None, False, end
        return True

    def cancel(self) -> None:
        super().cancel()
        if self._stroke is not None:
            self.surface.take_back()
        self._stroke = None

    def _paint(self, dabs: list[Dab]) -> None:
        self.surface.press(self.options.brush, dabs, erase=self._erase)


class ShapeTool(Tool):
    """Fills an outline that is drawn in one move: `make` gives it from the places so far, the newest last."""

    def __init__(
        self, surface: Surface, options: PaintOptions, make: Callable[[list[QPointF], bool], QPainterPath]
    ) -> None:
        super().__init__(surface, options)
        self._make = make
        self._places: list[QPointF] = []
        self._erase = self._even = False

    def press(self, pointer: Pointer) -> None:
        self._places, self._erase, self.busy = [pointer.place], pointer.erase, True

    def move(self, pointer: Pointer) -> None:
        self._places.append(pointer.place)
        self._even = pointer.shift

    def release(self, pointer: Pointer) -> bool:
        if not self.busy:
            return False
        self.move(pointer)
        self.surface.fill(self.outline(), round(255 * self.options.brush.opacity), erase=self._erase)
        self.cancel()
        return True

    def cancel(self) -> None:
        super().cancel()
        self._places = []

    def outline(self) -> QPainterPath:
        return self._make(self._places, self._even) if len(self._places) > 1 else QPainterPath()


class PolygonTool(Tool):
    """Fills an outline of corners that are clicked; Enter, a double click or the first corner closes it."""

    def __init__(self, surface: Surface, options: PaintOptions) -> None:
        super().__init__(surface, options)
        self._corners: list[QPointF] = []
        self._next: QPointF | None = None
        self._erase = False

    def press(self, pointer: Pointer) -> None:
        if not self._corners:
            self._erase = pointer.erase
        self.busy = True
        away = (pointer.place - self._corners[0]).manhattanLength() if self._corners else 0.0
        if len(self._corners) > 2 and away * pointer.scale < _CLOSE_PX:
            self._next = None
        else:
            self._corners.append(pointer.place)
            self._next = pointer.place

    def release(self, pointer: Pointer) -> bool:
        return self.busy and self._next is None and self.close()

    def hover(self, pointer: Pointer) -> None:
        if self._corners:
            self._next = pointer.place

    def close(self) -> bool:
        self._next = None
        done = len(self._corners) > 2
        if done:
            self.surface.fill(self.outline(), round(255 * self.options.brush.opacity), erase=self._erase)
        self.cancel()
        return done

    def cancel(self) -> None:
        super().cancel()
        self._corners, self._next = [], None

    def outline(self) -> QPainterPath:
        corners = [*self._corners, *([self._next] if self._next is not None else [])]
        return polygon(corners, False)


class FillTool(Tool):
    """Fills what is connected and alike in the picture, or in what is painted where there is none."""

    def __init__(self, surface: Surface, options: PaintOptions, picture: Callable[[], QImage | None]) -> None:
        super().__init__(surface, options)
        self._picture = picture

    def press(self, pointer: Pointer) -> None:
        self.busy = True

    def release(self, pointer: Pointer) -> bool:
        self.busy = False
        column, row = int(pointer.place.x() // 1), int(pointer.place.y() // 1)
        if not (0 <= column < self.surface.width and 0 <= row < self.surface.height):
            return False
        picture = self._picture()
        values = self.surface.pixels[..., None] if picture is None else _pixels(picture)
        found = flooded(values, row, column, self.options.tolerance)
        value = np.uint8(round(255 * self.options.brush.opacity))
        self.surface.merge(found * value, Area(0, 0, self.surface.width, self.surface.height), erase=pointer.erase)
        return True


class PickTool(Tool):
    """Takes the colour at a place: of the sketch where it is painted, else of the picture."""

    def __init__(
        self, surface: Surface, options: PaintOptions, picture: Callable[[], QImage | None],
        take: Callable[[QColor], None],
    ) -> None:  # fmt: skip
        super().__init__(surface, options)
        self._picture, self._take = picture, take

    def release(self, pointer: Pointer) -> bool:
        column, row = int(pointer.place.x() // 1), int(pointer.place.y() // 1)
        if 0 <= column < self.surface.width and 0 <= row < self.surface.height:
            value, picture = int(self.surface.pixels[row, column]), self._picture()
            if value:
                self._take(QColor.fromRgb(self.surface.image.color(value)))
            elif picture is not None:
                self._take(picture.pixelColor(column, row))
        return False


def rectangle(places: list[QPointF], even: bool) -> QPainterPath:
    """The rectangle of whole pixels between the first and the last place, or the square."""
    path = QPainterPath()
    box = _between(places[0], places[-1], even)
    path.addRect(QRectF(box.topLeft().toPoint(), box.bottomRight().toPoint()))
    return path


def ellipse(places: list[QPointF], even: bool) -> QPainterPath:
    """The ellipse in that rectangle, or the circle."""
    path = QPainterPath()
    path.addEllipse(_between(places[0], places[-1], even))
    return path


def polygon(places: list[QPointF], even: bool) -> QPainterPath:
    """The area within all places, closed."""
    path = QPainterPath()
    if places:
        path.moveTo(places[0])
        for place in places[1:]:
            path.lineTo(place)
        path.closeSubpath()
    return path


def _between(first: QPointF, last: QPointF, even: bool) -> QRectF:
    width, height = last.x() - first.x(), last.y() - first.y()
    if even:
        side = max(abs(width), abs(height))
        width, height = side if width >= 0 else -side, side if height >= 0 else -side
    return QRectF(first.x(), first.y(), width, height).normalized()


def _pixels(picture: QImage) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    """Return [h, w, 3]."""
    plain = picture.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), plain.bytesPerLine())
    return rows[:, : 3 * plain.width()].reshape(plain.height(), plain.width(), 3).copy()
