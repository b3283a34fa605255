"""Reading one picture file: whole and sound, or a reason why not in a few words."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from training.data.item import Pixels

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
MOST_PIXELS = 89_478_485  # Pillow's own threshold for what may be a decompression bomb
# What Pillow raises for damaged files of its many formats, beside OSError.
DAMAGED = (SyntaxError, ValueError, EOFError, IndexError, KeyError, OverflowError, MemoryError, TypeError)


class BadPicture(Exception):  # noqa: N818 - a finding, which the scan lists
    """A file cannot be used; the text says why in a few words."""


@dataclass(frozen=True)
class Decoded:
    """A sound picture.

    Attributes:
        image: uint8 [h, w, 3], upright, transparency on white.
        digest: Hash of the file's bytes.
    """

    image: Pixels
    digest: str


def read_picture(path: Path) -> Decoded:
    """Read a picture wholly.

    Raises:
        BadPicture: It is unreadable, no picture, cut short, damaged or too large.
    """
    data = _bytes(path)
    return Decoded(np.asarray(_flat(_opened(data))), hashlib.sha256(data).hexdigest()[:32])


def read_labels(path: Path) -> npt.NDArray[np.uint8]:
    """Read a mask or a semantic map, uint8 [h, w]: palette indices or grey values as they are stored.

    Raises:
        BadPicture: As for `read_picture`, or it has colours instead of indices.
    """
    opened = _opened(_bytes(path))
    if opened.mode not in ("1", "L", "P", "I", "I;16"):
        raise BadPicture(f"has colours ({opened.mode}) where one index a pixel is needed")
    values = np.asarray(opened.convert("L") if opened.mode == "1" else opened)
    if values.max(initial=0) > 255 or values.min(initial=0) < 0:
        raise BadPicture(f"has indices up to {values.max()}; at most 255 are read")
    return values.astype(np.uint8)


def _bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadPicture(f"unreadable: {error.strerror or error}") from error
    if not data:
        raise BadPicture("the file is empty")
    return data


def _opened(data: bytes) -> Image.Image:
    try:
        opened = Image.open(io.BytesIO(data))
        if opened.width * opened.height > MOST_PIXELS:
            raise BadPicture(f"too many pixels: {opened.width} × {opened.height}")
        opened.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BadPicture(f"too many pixels: {error}") from error
    except UnidentifiedImageError as error:
        raise BadPicture("not an image") from error
    except (OSError, *DAMAGED) as error:
        cut = "truncated" in str(error) or isinstance(error, EOFError)
        raise BadPicture("truncated" if cut else f"damaged: {error}") from error
    return opened


def _flat(opened: Image.Image) -> Image.Image:
    """Return the picture upright, in RGB, over white."""
    try:
        upright: Image.Image = ImageOps.exif_transpose(opened)
        if upright.mode.startswith("I"):  # 16 bits a value, which Pillow would clip instead of scaling
            upright = Image.fromarray((np.asarray(upright).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8))
        if not upright.has_transparency_data:
            return upright.convert("RGB")
        clear = upright.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear).convert("RGB")
    except (OSError, *DAMAGED) as error:
        raise BadPicture(f"damaged: {error}") from error
