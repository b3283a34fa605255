"""Layouts: boxes with classes, in shares of a picture's width and height.

Rombach et al. (arXiv 2112.10752), section 4.3.1 (layout-to-image).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Box:
    """An object's place, as shares of the picture's width and height, x to the right and y down.

    Attributes:
        x, y: Top left corner, 0 to 1.
        width, height: Above 0 to 1.
        label: The class, for people, or its number.
        is_group: Whether it stands for several things of the class.
        is_occluded, is_depiction, is_inside: Further remarks that some data sets make.
    """

    x: float
    y: float
    width: float
    height: float
    label: str = ""
    is_group: bool = False
    is_occluded: bool = False
    is_depiction: bool = False
    is_inside: bool = False

    def overlaps(self, other: Box) -> bool:
        """Whether the two share more than an edge."""
        wide = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        high = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        return wide > 0 and high > 0

    def seen_in(self, crop: Box) -> Box:
        """Return the visible part of this box as shares of a crop of the picture."""
        x, y = (_clamped((a - b) / c) for a, b, c in ((self.x, crop.x, crop.width), (self.y, crop.y, crop.height)))
        width, height = min(self.width / crop.width, 1 - x), min(self.height / crop.height, 1 - y)
        return replace(self, x=x, y=y, width=width, height=height)

    def mirrored(self) -> Box:
        """Return this box in the picture with left and right exchanged."""
        return replace(self, x=1 - (self.x + self.width))


WHOLE = Box(x=0.0, y=0.0, width=1.0, height=1.0)


@dataclass(frozen=True)
class Layout:
    """Where things should be in a picture.

    Attributes:
        boxes: The things, the most important first.
    """

    boxes: tuple[Box, ...] = ()

    def loom_summary(self) -> str:
        """Return a line for people."""
        return ", ".join(box.label or "box" for box in self.boxes) or "no boxes"


def parse_layout(text: str) -> Layout:
    """Read boxes, one a line: a class, then left, top, width and height as shares of the picture.

    Raises:
        InputError: A line says something else, or a box lies outside the picture.
    """
    return Layout(tuple(_box(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()))


def _box(number: int, line: str) -> Box:
    label, *words = line.rsplit(maxsplit=4)
    try:
        x, y, width, height = map(float, words)
    except ValueError as error:
        raise InputError(
            f"Line {number} is no box: {line.strip()!r}.", why="A box is a class and four numbers.",
            fix='Write it like "fox 0.1 0.2 0.5 0.4": left, top, width, height.', port="boxes",
        ) from error  # fmt: skip
    if not (0 <= x < 1 and 0 <= y < 1 and 0 < width <= 1 and 0 < height <= 1):
        raise InputError(
            f"The box in line {number} lies outside the picture: {line.strip()!r}.",
            why="Left, top, width and height are shares of the picture, from 0 to 1, and a box is not empty.",
            fix='Write it like "fox 0.1 0.2 0.5 0.4".', port="boxes",
        )  # fmt: skip
    return Box(x=x, y=y, width=width, height=height, label=label.strip())


def _clamped(share: float) -> float:
    return max(min(share, 1.0), 0.0)
