"""The shipped sticker pack: fifty things, each drawn in two styles, as pictures with transparency.

Pictures and words lie in `resources/datasets/stickers/`; the licences of both sources lie beside them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.errors import InputError

PACK = Path(__file__).resolve().parents[2] / "resources" / "datasets" / "stickers"
STYLES = ("fluent", "noto")


@dataclass(frozen=True)
class StickerClass:
    """A thing that the pack can show.

    Attributes:
        name: The word of captions, such as "ice cream".
        article: "a" or "an", right for `name`.
        plural: The word for several.
        colour: A colour word that is true in every style, or "".
    """

    name: str
    article: str
    plural: str
    colour: str


@lru_cache(maxsize=1)
def sticker_classes() -> dict[str, StickerClass]:
    """Return every class by name, in the pack's order; InputError where the index is missing or damaged."""
    path = PACK / "index.json"
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["classes"]
        return {row["name"]: StickerClass(row["name"], row["article"], row["plural"], row["colour"]) for row in rows}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"The sticker pack's index {path} could not be read.",
            why=f"The file is missing or damaged ({error}).",
            fix="Restore resources/datasets/stickers/ from the distribution.",
        ) from error


def class_names() -> tuple[str, ...]:
    """Return the names of all classes in the pack's order."""
    return tuple(sticker_classes())


@lru_cache(maxsize=128)
def sticker(name: str, style: str = "fluent") -> Image.Image:
    """Return a sticker as it is stored, RGBA and square, shared between callers: do not draw on it.

    Raises InputError for an unknown class or style and for a missing or damaged file.
    """
    if name not in sticker_classes() or style not in STYLES:
        raise InputError(
            f"There is no sticker of a {name!r} in the style {style!r}.",
            why=f"The pack holds {len(class_names())} classes in the styles {', '.join(STYLES)}.",
            fix=f"Choose one of: {', '.join(class_names())}.",
        )
    path = PACK / style / f"{name.replace(' ', '_')}.webp"
    try:
        with Image.open(path) as picture:
            return picture.convert("RGBA")
    except OSError as error:
        raise InputError(
            f"The sticker {path} could not be read.",
            why=f"The file is missing or damaged ({error}).",
            fix="Restore resources/datasets/stickers/ from the distribution.",
        ) from error


@lru_cache(maxsize=256)
def _premultiplied(name: str, style: str, mirrored: bool) -> Image.Image:
    """Return the sticker in premultiplied alpha, so that filtering mixes no colour of transparent pixels in."""
    picture = sticker(name, style)
    if mirrored:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    side = picture.width
    padded = Image.new("RGBA", (2 * side, 2 * side), (0, 0, 0, 0))  # margin for boxes that start off the sticker
    padded.paste(picture, (side // 2, side // 2))
    return padded.convert("RGBa")


@lru_cache(maxsize=256)
def extent(name: str, style: str) -> tuple[float, float, float, float]:
    """Return the box of the visible part, (x0, y0, x1, y1) as fractions of the square sticker, alpha over a half."""
    alpha = np.asarray(sticker(name, style).getchannel("A")) > 127
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    height, width = alpha.shape
    return (
        float(columns[0] / width),
        float(rows[0] / height),
        float((columns[-1] + 1) / width),
        float((rows[-1] + 1) / height),
    )


def sprite(name: str, style: str, side: int) -> npt.NDArray[np.uint8]:
    """Return a sticker scaled to `side` x `side` pixels as uint8 `[side, side, 4]`, alpha not premultiplied."""
    picture = sticker(name, style).resize((side, side), Image.Resampling.BICUBIC)
    return np.asarray(picture)


def placed_sprite(
    name: str, style: str, left: float, top: float, side: float, *, mirrored: bool = False
) -> tuple[npt.NDArray[np.uint8], int, int]:
    """Scale a sticker to a fractional side and place its corner at a fraction of a pixel.

    Args:
        name: A class of the pack.
        style: One of STYLES.
        left: Left edge of the square sticker in target pixels.
        top: Top edge in target pixels.
        side: Its side in target pixels, above 1.
        mirrored: Whether left and right change places.

    Returns:
        Premultiplied uint8 `[h, w, 4]` and the whole-pixel column and row of its first pixel.
    """
    source = _premultiplied(name, style, mirrored)
    stored = source.width // 2
    x0, y0 = int(np.floor(left)), int(np.floor(top))
    width, height = int(np.ceil(left + side)) - x0, int(np.ceil(top + side)) - y0
    unit = stored / side  # stored pixels a target pixel
    box_x, box_y = stored / 2 + (x0 - left) * unit, stored / 2 + (y0 - top) * unit
    box = (box_x, box_y, box_x + width * unit, box_y + height * unit)
    return np.asarray(source.resize((width, height), Image.Resampling.BICUBIC, box=box)), x0, y0
