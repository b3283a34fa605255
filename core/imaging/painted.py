"""Painted pixels, uint8 [h, w], to and from the text that a workflow holds, and the mathematics of masks.

Free of torch: the window paints before the engine is there.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from core.graph import tiled_text
from core.graph.tiled_text import TILE, TiledText

Painted = npt.NDArray[np.uint8]
Number = TypeVar("Number", bound=np.generic)
_LEVEL = 1
"""Of compression: a stroke must be packed within a frame, and masks are mostly even."""


def pack_tile(pixels: Painted) -> str:
    """Return one square as text; empty if it is all zero."""
    if not pixels.any():
        return ""
    return base64.b64encode(zlib.compress(pixels.tobytes(), _LEVEL)).decode("ascii")


def unpack_tile(data: str, height: int, width: int) -> Painted:
    """Return the square of this size that a text holds.

    Raises:
        InputError: The text is damaged.
    """
    if not data:
        return np.zeros((height, width), np.uint8)
    reader = zlib.decompressobj()
    try:
        raw = reader.decompress(base64.b64decode(data, validate=True), height * width + 1)
    except (zlib.error, binascii.Error, ValueError) as error:
        raise tiled_text.damaged(f"{error}") from error
    if len(raw) != height * width:
        raise tiled_text.damaged(f"a part has {len(raw):,} pixels instead of {height * width:,}")
    return np.frombuffer(raw, np.uint8).reshape(height, width)


def box_of(place: str, height: int, width: int) -> tuple[slice, slice]:
    """Return rows and columns of a square of pixels [h, w]."""
    column, row = tiled_text.place_of(place)
    return (
        slice(row * TILE, min(height, (row + 1) * TILE)),
        slice(column * TILE, min(width, (column + 1) * TILE)),
    )


def places(rows: slice, columns: slice) -> Iterator[str]:
    """Return the squares that a rectangle of pixels touches."""
    for row in range(rows.start // TILE, -(-rows.stop // TILE)):
        for column in range(columns.start // TILE, -(-columns.stop // TILE)):
            yield f"{column},{row}"


def pack(pixels: Painted) -> str:
    """Return pixels [h, w] as the text of a setting."""
    height, width = pixels.shape
    squares = {place: pack_tile(pixels[box_of(place, height, width)]) for place in every_place(height, width)}
    return str(TiledText(width, height, {place: data for place, data in squares.items() if data}))


def unpack(text: str) -> Painted:
    """Return the pixels [h, w] that a setting holds.

    Raises:
        InputError: The text is damaged or the picture too large.
    """
    parsed = tiled_text.parse(text)
    pixels = np.zeros((parsed.height, parsed.width), np.uint8)
    unpack_into(pixels, parsed, parsed.tiles)
    return pixels


def unpack_into(pixels: Painted, text: TiledText, which: Iterable[str]) -> None:
    """Write squares of `text` over those of `pixels`; one that the text leaves out becomes zero.

    Raises:
        InputError: The text is damaged.
    """
    height, width = pixels.shape
    for place in which:
        target = pixels[box_of(place, height, width)]
        target[...] = unpack_tile(text.tiles.get(place, ""), *target.shape)


def every_place(height: int, width: int) -> Iterator[str]:
    """Return all squares of pixels [h, w]."""
    return places(slice(0, height), slice(0, width))


def grown(values: npt.NDArray[Number], radius: int) -> npt.NDArray[Number]:
    """Return values [..., h, w], each the largest within `radius` rows and columns; negative: the smallest.

    Running maxima by doubling windows: the time grows with the logarithm of the radius only.
    """
    pick: Any = np.maximum if radius > 0 else np.minimum
    for axis in (-1, -2):
        values = _running(values, abs(radius), axis, pick)
    return values


def feathered(pixels: Painted, radius: float) -> Painted:
    """Return pixels [h, w] blurred by a Gaussian of this standard deviation in pixels; edges repeat."""
    # Imported here, because the window needs this module before its first paint and Pillow only later.
    from PIL import Image as Pillow
    from PIL import ImageFilter

    if radius <= 0:
        return pixels
    return np.asarray(Pillow.fromarray(pixels).filter(ImageFilter.GaussianBlur(radius)))


def scaled(pixels: Painted, height: int, width: int) -> Painted:
    """Return pixels at another size, each that of the nearest one."""
    rows = (np.arange(height) * 2 + 1) * pixels.shape[0] // (2 * height)
    columns = (np.arange(width) * 2 + 1) * pixels.shape[1] // (2 * width)
    return np.ascontiguousarray(pixels[rows][:, columns], dtype=np.uint8)


def flooded(pixels: npt.NDArray[np.uint8], row: int, column: int, tolerance: int) -> npt.NDArray[np.bool_]:
    """Return where pixels [h, w, c] are connected, side by side, with one and differ from it by `tolerance` at most."""
    start = pixels[row, column].astype(np.int16)
    alike = (np.abs(pixels.astype(np.int16) - start) <= tolerance).all(axis=-1)
    return _connected(alike, row, column)


def _connected(alike: npt.NDArray[np.bool_], row: int, column: int) -> npt.NDArray[np.bool_]:
    """Fill runs of a row at a time, each found by a search in the row's sorted borders."""
    filled = np.zeros_like(alike)
    edges = [np.flatnonzero(np.diff(line, prepend=False, append=False)) for line in alike]
    waiting = [(row, column, column + 1)]
    while waiting:
        y, left, right = waiting.pop()
        first = int(np.searchsorted(edges[y], left, side="right")) // 2 * 2  # each run is two borders
        for index in range(first, len(edges[y]), 2):
            begin, end = int(edges[y][index]), int(edges[y][index + 1])
            if begin >= right:
                break
            if end <= left or filled[y, begin]:
                continue
            filled[y, begin:end] = True
            waiting += [(near, begin, end) for near in (y - 1, y + 1) if 0 <= near < len(edges)]
    return filled


def _running(values: npt.NDArray[Number], radius: int, axis: int, pick: Any) -> npt.NDArray[Number]:
    """Return the extreme over windows of 2 radius + 1 along an axis; outside the picture the edge repeats."""
    if radius == 0:
        return values
    pad = [(0, 0)] * values.ndim
    pad[axis] = (radius, radius)
    wide = np.moveaxis(np.pad(values, pad, mode="edge"), axis, -1)
    window, wanted = 1, 2 * radius + 1
    while window < wanted:
        step = min(window, wanted - window)
        wide = pick(wide[..., :-step], wide[..., step:])
        window += step
    return np.ascontiguousarray(np.moveaxis(wide, -1, axis))
