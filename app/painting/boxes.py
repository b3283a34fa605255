"""Layout boxes on the easel: drawn, moved, resized, named and removed; a node's text holds them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from app.painting.surface import Surface, class_color
from app.painting.tools import PaintOptions, Pointer, Tool
from app.theme import font

_REACH = 8.0
"""Pixels of the screen within which a corner is taken hold of."""
_SMALLEST = 0.01


@dataclass(frozen=True)
class NamedBox:
    """A box in shares of the picture, with its class."""

    label: str
    rect: QRectF

    def to_line(self) -> str:
        """As the node's text holds it."""
        numbers = (self.rect.x(), self.rect.y(), self.rect.width(), self.rect.height())
        return f"{self.label} {' '.join(f'{number:.4g}' for number in numbers)}"


def read_boxes(text: str) -> list[NamedBox]:
    """Read the lines that say a box; others are for the run to complain about."""
    boxes = []
    for line in text.splitlines():
        label, *words = line.rsplit(maxsplit=4) or [""]
        try:
            x, y, width, height = map(float, words)
        except ValueError:
            continue
        boxes.append(NamedBox(label, QRectF(x, y, width, height)))
    return boxes


def write_boxes(boxes: list[NamedBox]) -> str:
    """Return the node's text."""
    return "\n".join(box.to_line() for box in boxes)


class BoxTool(Tool):
    """Draws boxes with the left button, moves and resizes them; the right button removes one.

    Attributes:
        boxes: All of them, the most important first.
        chosen: Index of the one that was last touched, or None.
        label: Class of the next one.
        classes: The classes that have a colour of their own, in order.
    """

    def __init__(self, surface: Surface, options: PaintOptions) -> None:
        super().__init__(surface, options)
        self.boxes: list[NamedBox] = []
        self.chosen: int | None = None
        self.label = "thing"
        self.classes: tuple[str, ...] = ()
        self._before: list[NamedBox] = []
        self._fixed: QPointF | None = None
        self._held: QPointF | None = None

    def press(self, pointer: Pointer) -> None:
        self._before, self.busy = list(self.boxes), True
        place = self._share(pointer.place)
        inside = [index for index, box in enumerate(self.boxes) if box.rect.contains(place)]
        if pointer.erase:
            if inside:
                del self.boxes[inside[-1]]
                self.chosen = None
            return
        corner = self._corner_at(pointer)
        if corner is not None:
            self.chosen, self._fixed = corner
        elif inside:
            self.chosen = inside[-1]
            self._held = place - self.boxes[self.chosen].rect.topLeft()
        else:
            self.boxes.append(NamedBox(self.label, QRectF(place, place)))
            self.chosen, self._fixed = len(self.boxes) - 1, place

    def move(self, pointer: Pointer) -> None:
        if self.chosen is None:
            return
        place, box = self._share(pointer.place), self.boxes[self.chosen]
        if self._fixed is not None:
            self.boxes[self.chosen] = replace(box, rect=QRectF(self._fixed, place).normalized())
        elif self._held is not None:
            corner = place - self._held
            x = min(max(corner.x(), 0.0), 1 - box.rect.width())
            y = min(max(corner.y(), 0.0), 1 - box.rect.height())
            self.boxes[self.chosen] = replace(box, rect=QRectF(QPointF(x, y), box.rect.size()))
        self.surface.changed.emit(self.surface.image.rect())

    def release(self, pointer: Pointer) -> bool:
        self.move(pointer)
        self.boxes = [box for box in self.boxes if min(box.rect.width(), box.rect.height()) >= _SMALLEST]
        if self.chosen is not None and self.chosen >= len(self.boxes):
            self.chosen = None
        self._fixed, self._held, self.busy = None, None, False
        self.surface.changed.emit(self.surface.image.rect())
        return self.boxes != self._before

    def cancel(self) -> None:
        if self.busy:
            self.boxes = self._before
        self._fixed, self._held = None, None
        super().cancel()

    def rename(self, label: str) -> bool:
        """Name the chosen box, and every later one; return whether one was renamed."""
        self.label = label
        if self.chosen is None or self.boxes[self.chosen].label == label:
            return False
        self.boxes[self.chosen] = replace(self.boxes[self.chosen], label=label)
        return True

    def draw(self, painter: QPainter, scale: float) -> None:
        width, height = self.surface.width, self.surface.height
        painter.setFont(font("font_small"))
        transform = painter.transform()
        painter.resetTransform()
        for index, box in enumerate(self.boxes):
            rect = box.rect
            place = transform.mapRect(
                QRectF(rect.x() * width, rect.y() * height, rect.width() * width, rect.height() * height)
            )
            color = class_color(self.classes.index(box.label) if box.label in self.classes else index)
            painter.setPen(QPen(color, 3.0 if index == self.chosen else 1.5))
            painter.setBrush(QColor(color.red(), color.green(), color.blue(), 40))
            painter.drawRect(place)
            words = QFontMetricsF(painter.font()).boundingRect(box.label).adjusted(-4, -2, 4, 2)
            tag = QRectF(place.topLeft(), words.size())
            painter.fillRect(tag, color)
            painter.setPen(QColor("black"))
            painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, box.label)
        painter.setTransform(transform)

    def _share(self, place: QPointF) -> QPointF:
        x, y = place.x() / self.surface.width, place.y() / self.surface.height
        return QPointF(min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0))

    def _corner_at(self, pointer: Pointer) -> tuple[int, QPointF] | None:
        """The box whose corner is held, and the corner opposite, which stays."""
        for index, box in reversed(list(enumerate(self.boxes))):
            rect = box.rect
            corners = (rect.topLeft(), rect.topRight(), rect.bottomRight(), rect.bottomLeft())
            for number, corner in enumerate(corners):
                at = QPointF(corner.x() * self.surface.width, corner.y() * self.surface.height)
                if (at - pointer.place).manhattanLength() * pointer.scale <= _REACH:
                    return index, corners[(number + 2) % 4]
        return None
