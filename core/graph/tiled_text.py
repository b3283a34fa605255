"""Painted pixels as text in a workflow: squares written one by one, so that a stroke changes only those it touches.

The text is "WIDTHxHEIGHT X,Y:DATA X,Y:DATA …": a square's column and row, counted in squares from the upper left
corner, and its pixels as `core.imaging.painted` packs them. A square that is all zero is left out, and they stand in
reading order, so the same pixels always give the same text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import InputError

TILE = 256
"""Side of a square in pixels; those at the right and lower edge may be smaller."""
LARGEST_SIDE = 16384
"""Most pixels a painted mask or map is wide or high: its pixels then take 256 MB."""
_SIZE = re.compile(r"([1-9]\d{0,4})x([1-9]\d{0,4})")
_PLACE = re.compile(r"(\d{1,3}),(\d{1,3})")


@dataclass(frozen=True)
class TiledText:
    """Painted pixels, still packed.

    Attributes:
        width, height: In pixels.
        tiles: Packed pixels by place, such as "0,3": column, row.
    """

    width: int
    height: int
    tiles: Mapping[str, str]

    def __str__(self) -> str:
        ordered = sorted(self.tiles.items(), key=lambda tile: place_of(tile[0])[::-1])
        return " ".join([f"{self.width}x{self.height}", *(f"{place}:{data}" for place, data in ordered)])

    def with_tiles(self, tiles: Mapping[str, str]) -> TiledText:
        """Return it with some squares replaced; an empty text takes a square away."""
        merged = {**self.tiles, **tiles}
        return TiledText(self.width, self.height, {place: data for place, data in merged.items() if data})


def parse(text: str) -> TiledText:
    """Read the outer form; the squares stay packed.

    Raises:
        InputError: The text is damaged, or too large to be painted on.
    """
    size, *words = text.split(" ")
    found = _SIZE.fullmatch(size)
    if found is None:
        raise damaged("it does not begin with its size")
    width, height = int(found[1]), int(found[2])
    check_size(width, height)
    tiles: dict[str, str] = {}
    for word in words:
        place, colon, data = word.partition(":")
        if not colon or not data or not _PLACE.fullmatch(place) or place in tiles:
            raise damaged(f"{word[:20]!r} is no part of it")
        column, row = place_of(place)
        if column * TILE >= width or row * TILE >= height:
            raise damaged(f"it has a part outside its {width} × {height} pixels")
        tiles[place] = data
    return TiledText(width, height, tiles)


def place_of(place: str) -> tuple[int, int]:
    """Return column and row of "3,5"."""
    column, _, row = place.partition(",")
    return int(column), int(row)


def check_size(width: int, height: int) -> None:
    """Refuse a picture that is too large to be painted on.

    Raises:
        InputError: It is.
    """
    if max(width, height) > LARGEST_SIDE:
        share = LARGEST_SIDE / max(width, height)
        raise InputError(
            f"A picture of {width:,} × {height:,} pixels is too large to paint on.",
            why=f"A painted mask may have up to {LARGEST_SIDE:,} pixels a side.",
            fix=f"Put a Resize image node before it, for example to {int(width * share)} × {int(height * share)}, "
            "or crop the part that is to change.",
        )  # fmt: skip


def damaged(why: str) -> InputError:
    """Make the error for a text that cannot be read."""
    return InputError(
        "The painted mask cannot be read.", why=f"Its text is damaged: {why}.",
        fix="Undo the last change of the workflow's file, or clear the mask and paint it again.",
    )  # fmt: skip
