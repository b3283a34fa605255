"""The pixels that are painted: shown by Qt and changed by numpy in the same memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from PySide6.QtCore import QObject, QRect, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, qRgba

from core.graph import tiled_text
from core.graph.tiled_text import TiledText
from core.imaging import class_colors, painted
from core.imaging.brush import NOWHERE, Area, Brush, Dab, blend, stamp
from core.imaging.painted import Painted

View = Literal["overlay", "mask", "result"]
_AHEAD = 2
"""Squares that are packed with each event of a stroke."""
VIEWS: tuple[View, ...] = ("overlay", "mask", "result")


class Surface(QObject):
    """A mask, or a map of classes, [h, w] uint8.

    Attributes:
        pixels: The values, shared with `image`.
        image: The same memory for Qt; its colour table is how it is looked at.
        label: The class that is painted on a map; None on a mask.

    Signals:
        changed(QRect): These pixels are others now.
        resized(): It has another size.
    """

    changed = Signal(QRect)
    resized = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.label: int | None = None
        self._colors: list[int] = []
        self._before: dict[str, Painted] = {}
        self._packed: dict[str, str] = {}
        self._text = TiledText(1, 1, {})
        self._make(1, 1)

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[0])

    def clear(self, width: int, height: int) -> None:
        """Begin anew, with nothing painted, at this size.

        Raises:
            InputError: It is too large to paint on.
        """
        tiled_text.check_size(width, height)
        self._text = TiledText(width, height, {})
        self._make(width, height)

    def show_text(self, text: str) -> None:
        """Show what a setting holds; only the squares that differ are unpacked.

        Raises:
            InputError: The text is damaged; what was shown stays.
        """
        parsed = tiled_text.parse(text)
        if (parsed.width, parsed.height) != (self._text.width, self._text.height):
            pixels = painted.unpack(text)
            self.clear(parsed.width, parsed.height)
            self.pixels[...] = pixels
            self._text = parsed
            return
        before, now = self._text.tiles, parsed.tiles
        differing = [place for place in {**before, **now} if before.get(place) != now.get(place)]
        self._forget()
        painted.unpack_into(self.pixels, parsed, differing)
        self._text = parsed
        area = NOWHERE
        for place in differing:
            rows, columns = painted.box_of(place, self.height, self.width)
            area = area.united(Area(columns.start, rows.start, columns.stop, rows.stop))
        self._tell(area)

    def set_colors(self, colors: Sequence[int]) -> None:
        """Look at value v in the colour `colors[v]` (ARGB, not premultiplied)."""
        self._colors = list(colors)
        self.image.setColorTable(self._colors)
        self.changed.emit(self.image.rect())

    def press(self, brush: Brush, dabs: Sequence[Dab], *, erase: bool = False) -> None:
        """Stamp along a stroke."""
        area = NOWHERE
        near: set[str] = set()
        for dab in dabs:
            inside, values = stamp(brush, dab, *self.pixels.shape)
            if not inside.empty:
                near |= self._remember(inside)
                blend(self.pixels[inside.box], values, erase=erase, label=self.label)
                area = area.united(inside)
        self._pack_ahead(near)
        self._tell(area)

    def fill(self, path: QPainterPath, value: int, *, erase: bool = False) -> None:
        """Fill an outline with a value; on a mask its edge is softened."""
        around = path.boundingRect().toAlignedRect().adjusted(-1, -1, 1, 1)
        area = Area(around.left(), around.top(), around.right() + 1, around.bottom() + 1).within(*self.pixels.shape)
        if area.empty:
            return
        shape = QImage(area.right - area.left, area.bottom - area.top, QImage.Format.Format_Grayscale8)
        shape.fill(0)
        painter = QPainter(shape)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, self.label is None)
        painter.translate(-area.left, -area.top)
        painter.fillPath(path, QColor(value, value, value))
        painter.end()
        view = np.frombuffer(shape.constBits(), np.uint8).reshape(shape.height(), shape.bytesPerLine())
        self.merge(view[:, : shape.width()], area, erase=erase)

    def merge(self, values: Painted, area: Area, *, erase: bool = False) -> None:
        """Paint or erase values [h, w] in a rectangle."""
        self._remember(area)
        blend(self.pixels[area.box], values, erase=erase, label=self.label)
        self._tell(area)

    def replace(self, pixels: Painted) -> None:
        """Take other values for the whole, of the same size."""
        area = Area(0, 0, self.width, self.height)
        self._remember(area)
        self.pixels[...] = pixels
        self._tell(area)

    def take_changes(self) -> dict[str, str]:
        """Return the squares that were painted on since the last time and differ, packed, by place."""
        changed: dict[str, str] = {}
        for place, before in self._before.items():
            now = self.pixels[painted.box_of(place, self.height, self.width)]
            if not np.array_equal(before, now):
                packed = self._packed.get(place)
                changed[place] = painted.pack_tile(now) if packed is None else packed
        self._forget()
        self._text = self._text.with_tiles(changed)
        return changed

    def take_back(self) -> None:
        """Undo what was painted since `take_changes`: a stroke that is given up."""
        area = NOWHERE
        for place, before in self._before.items():
            rows, columns = painted.box_of(place, self.height, self.width)
            self.pixels[rows, columns] = before
            area = area.united(Area(columns.start, rows.start, columns.stop, rows.stop))
        self._forget()
        self._tell(area)

    def _make(self, width: int, height: int) -> None:
        stride = -(-width // 4) * 4
        memory = np.zeros((height, stride), np.uint8)
        self._memory = memory  # Qt does not own it
        self.pixels: Painted = memory[:, :width]
        self.image = QImage(memory.data, width, height, stride, QImage.Format.Format_Indexed8)
        self.image.setColorTable(self._colors or mask_colors("overlay", QColor("red")))
        self._forget()
        self.resized.emit()

    def _remember(self, area: Area) -> set[str]:
        """Keep the squares of an area as they are before they are painted on; return their places."""
        inside = area.within(*self.pixels.shape)
        touched = set() if inside.empty else set(painted.places(*inside.box))
        for place in touched:
            self._packed.pop(place, None)
            if place not in self._before:
                self._before[place] = self.pixels[painted.box_of(place, self.height, self.width)].copy()
        return touched

    def _pack_ahead(self, near: set[str]) -> None:
        """Pack squares that a stroke has left behind, a few at a time, so that its end is as quick as its middle."""
        waiting = [place for place in self._before if place not in near and place not in self._packed]
        for place in waiting[:_AHEAD]:
            self._packed[place] = painted.pack_tile(self.pixels[painted.box_of(place, self.height, self.width)])

    def _forget(self) -> None:
        self._before.clear()
        self._packed.clear()

    def _tell(self, area: Area) -> None:
        if not area.empty:
            self.changed.emit(QRect(area.left, area.top, area.right - area.left, area.bottom - area.top))


def class_color(label: int) -> QColor:
    """The colour of a class, counted from 0."""
    return QColor(*class_colors.class_color(label))


def ink_on(color: QColor) -> QColor:
    """Black or white, whichever is read better on a colour."""
    bright = 0.299 * color.redF() + 0.587 * color.greenF() + 0.114 * color.blueF()
    return QColor("black" if bright > 0.5 else "white")


def map_colors(view: View) -> list[int]:
    """How classes look: over the picture, or by themselves."""
    alpha = 165 if view == "overlay" else 255
    return [qRgba(red, green, blue, alpha) for red, green, blue in class_colors.class_colors().tolist()]


def sketch_colors(palette: Sequence[str]) -> list[int]:
    """How a sketch looks: what is painted hides the picture. A colour that is no longer there is magenta."""
    colors = [QColor(color) for color in palette[:255]]
    missing = [QColor("magenta")] * (255 - len(colors))
    return [0, *(color.rgb() for color in (*colors, *missing))]


def mask_colors(view: View, color: QColor) -> list[int]:
    """How a mask's values look: a veil over the picture, greys, or the picture with a dark hole."""
    if view == "mask":
        return [qRgba(value, value, value, 255) for value in range(256)]
    if view == "result":
        return [qRgba(0, 0, 0, value) for value in range(256)]
    return [qRgba(color.red(), color.green(), color.blue(), value * 150 // 255) for value in range(256)]
