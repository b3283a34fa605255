"""Layout boxes on the easel: drawn, moved, resized, named and removed; a node's text holds them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from app.painting.box_tags import place_tags
from app.painting.surface import Surface, class_color, ink_on
from app.painting.tools import PaintOptions, Pointer, Tool
from app.theme import font

_REACH = 8.0
"""Pixels of the screen within which a corner is taken hold of."""
_SMALLEST = 0.01
_HANDLE = 7.0
"""Pixels of the screen that the corners of a chosen box are wide."""


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

    A box that is pressed is chosen; one that is drawn is not, so that the next class is that of the next box. Shift
    draws within another box.

    Attributes:
        boxes: All of them, the most important first.
        chosen: Index of the one that a person pressed, or None.
        label: Class of the next one.
        classes: The classes that have a colour of their own, in order.
    """

    def __init__(self, surface: Surface, options: PaintOptions, tell: Callable[[str], object]) -> None:
        """`tell` hears `present` when a person or the document has chosen or left a box."""
        super().__init__(surface, options)
        self._tell = tell
        self.boxes: list[NamedBox] = []
        self.chosen: int | None = None
        self.label = "thing"
        self.classes: tuple[str, ...] = ()
        self._before: list[NamedBox] = []
        self._drawn: int | None = None
        self._fixed: QPointF | None = None
        self._held: QPointF | None = None

    @property
    def present(self) -> str:
        """Class of the chosen box, else of the next one."""
        return self.label if self.chosen is None else self.boxes[self.chosen].label

    def press(self, pointer: Pointer) -> None:
        self._before, self.busy = list(self.boxes), True
        inside = [index for index, box in enumerate(self.boxes) if box.rect.contains(self._shares(pointer.place))]
        if pointer.erase:
            if inside:
                del self.boxes[inside[-1]]
                self._choose(None)
            return
        corner, place = self._corner_at(pointer), self._share(pointer.place)
        if corner is not None:
            index, self._fixed = corner
            self._choose(index)
        elif inside and not pointer.shift:
            self._choose(inside[-1])
            self._held = place - self.boxes[inside[-1]].rect.topLeft()
        else:
            self._choose(None)
            self.boxes.append(NamedBox(self.label, QRectF(place, place)))
            self._drawn, self._fixed = len(self.boxes) - 1, place

    def move(self, pointer: Pointer) -> None:
        held = self.chosen if self._drawn is None else self._drawn
        if held is None:
            return
        place, box = self._share(pointer.place), self.boxes[held]
        if self._fixed is not None:
            self.boxes[held] = replace(box, rect=QRectF(self._fixed, place).normalized())
        elif self._held is not None:
            corner = place - self._held
            x = min(max(corner.x(), 0.0), 1 - box.rect.width())
            y = min(max(corner.y(), 0.0), 1 - box.rect.height())
            self.boxes[held] = replace(box, rect=QRectF(QPointF(x, y), box.rect.size()))
        self.surface.changed.emit(self.surface.image.rect())

    def release(self, pointer: Pointer) -> bool:
        self.move(pointer)
        self._let_go()
        self.show([box for box in self.boxes if min(box.rect.width(), box.rect.height()) >= _SMALLEST])
        self.surface.changed.emit(self.surface.image.rect())
        return self.boxes != self._before

    def cancel(self) -> None:
        begun = self.busy
        self._let_go()
        if begun:
            self._choose(None)
            self.boxes = self._before

    def _choose(self, index: int | None) -> None:
        self.chosen = index
        self._tell(self.present)

    def _index_of_chosen(self, boxes: list[NamedBox]) -> int | None:
        """Where the chosen box stands among others; None where it is not there any more."""
        if self.chosen is None:
            return None
        # By their lines, as the node's text holds fewer digits than the pointer gives.
        chosen, lines = self.boxes[self.chosen].to_line(), [box.to_line() for box in boxes]
        if lines[self.chosen : self.chosen + 1] == [chosen]:
            return self.chosen  # though another may be equal to it
        return lines.index(chosen) if chosen in lines else None

    def _let_go(self) -> None:
        self._drawn = self._fixed = self._held = None
        self.busy = False

    def show(self, boxes: list[NamedBox]) -> None:
        """Take the boxes that the node holds; the chosen one stays so while it is among them, wherever it stands."""
        index = self._index_of_chosen(boxes)
        self.boxes = boxes
        self._choose(index)

    def leave(self) -> None:
        """Let no box be chosen."""
        self._choose(None)

    def rename(self, label: str) -> bool:
        """Name the chosen box, else the next one; return whether one was renamed."""
        if self.chosen is None:
            self.label = label
            return False
        renamed = replace(self.boxes[self.chosen], label=label)
        changed = renamed != self.boxes[self.chosen]
        self.boxes[self.chosen] = renamed
        return changed

    def draw(self, painter: QPainter, scale: float) -> None:
        transform = painter.transform()
        painter.resetTransform()
        painter.setFont(font("font_small"))
        paper = transform.mapRect(QRectF(0, 0, self.surface.width, self.surface.height))
        places = [
            QRectF(
                paper.x() + box.rect.x() * paper.width(), paper.y() + box.rect.y() * paper.height(),
                box.rect.width() * paper.width(), box.rect.height() * paper.height(),
            )
            for box in self.boxes
        ]  # fmt: skip
        colors = [self._color(box.label) for box in self.boxes]
        for index, (place, color) in enumerate(zip(places, colors, strict=True)):
            _draw_box(painter, place, color, chosen=index == self.chosen)
        metrics = QFontMetricsF(painter.font())
        sizes = [metrics.boundingRect(box.label).adjusted(-5, -2, 5, 2).size() for box in self.boxes]
        for box, tag, color in zip(self.boxes, place_tags(places, sizes, paper), colors, strict=True):
            painter.setPen(QPen(QColor(0, 0, 0, 150), 1))
            painter.setBrush(color)
            painter.drawRect(tag)
            painter.setPen(ink_on(color))
            painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, box.label)
        painter.setTransform(transform)

    def _color(self, label: str) -> QColor:
        """A class that the model does not name has a colour after those of the ones that it does."""
        others = [*dict.fromkeys(box.label for box in self.boxes if box.label not in self.classes)]
        return class_color(([*self.classes, *others]).index(label))

    def _shares(self, place: QPointF) -> QPointF:
        return QPointF(place.x() / self.surface.width, place.y() / self.surface.height)

    def _share(self, place: QPointF) -> QPointF:
        """As `_shares`, on the paper."""
        shares = self._shares(place)
        return QPointF(min(max(shares.x(), 0.0), 1.0), min(max(shares.y(), 0.0), 1.0))

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


def _draw_box(painter: QPainter, place: QRectF, color: QColor, *, chosen: bool) -> None:
    """Draw a box with a dark line around the bright one, so that it is seen on every picture."""
    painter.setBrush(QColor(color.red(), color.green(), color.blue(), 40))
    painter.setPen(QPen(QColor(0, 0, 0, 150), 5.0 if chosen else 3.5))
    painter.drawRect(place)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(color, 3.0 if chosen else 1.5))
    painter.drawRect(place)
    if not chosen:
        return
    painter.setPen(QPen(QColor("black"), 1))
    painter.setBrush(QColor("white"))
    for corner in (place.topLeft(), place.topRight(), place.bottomLeft(), place.bottomRight()):
        painter.drawRect(QRectF(corner.x() - _HANDLE / 2, corner.y() - _HANDLE / 2, _HANDLE, _HANDLE))
