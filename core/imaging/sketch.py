"""A colour sketch over a picture: what image-to-image or inpainting begins with."""

from __future__ import annotations

import re

import numpy as np
import torch

from core.errors import InputError
from core.imaging import painted
from core.imaging.image import Image
from core.imaging.mask import Mask, expect_size

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


def read_colors(text: str) -> list[tuple[int, int, int]]:
    """Read a palette such as "#ff8800, #003366"; red, green and blue are 0 to 255.

    Raises:
        InputError: A word of it is no colour, or there are more than 255.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    wrong = next((word for word in words if not _COLOR.fullmatch(word)), None)
    if wrong is not None:
        raise InputError(
            f'"{wrong}" is no colour.', why="A colour is # and six hexadecimal digits.", fix="Write it like #ff8800.",
            port="colors",
        )  # fmt: skip
    if len(words) > 255:
        raise InputError(
            f"The palette has {len(words)} colours.", why="A sketch holds 255 at most.", fix="Remove some.",
            port="colors",
        )  # fmt: skip
    return [(int(word[1:3], 16), int(word[3:5], 16), int(word[5:7], 16)) for word in words]


def sketched(text: str, colors: str, image: Image | None = None) -> tuple[Image, Mask]:
    """Return the sketch over a picture, or over white, and where it is painted.

    Args:
        text: As `core.imaging.painted` packs it: 0 = nothing, 1 = the first colour, and so on.
        colors: The palette.
        image: What lies below, of the sketch's size; None = white.

    Raises:
        InputError: The text or the palette is damaged, a painted colour is not in it, or the sizes differ.
    """
    labels, palette = painted.unpack(text), read_colors(colors)
    if int(labels.max()) > len(palette):
        raise InputError(
            f"The sketch is painted with colour {int(labels.max())}, but the palette has {len(palette)}.",
            why="Each number that is painted is a colour of it.", fix="Add the colours again, or paint it anew.",
            port="colors",
        )  # fmt: skip
    mask = Mask(torch.from_numpy((labels > 0).astype(np.float32))[None, None])
    table = np.array([(255, 255, 255), *palette], np.uint8)
    colored = torch.from_numpy(table[labels]).permute(2, 0, 1)[None].float() / 127.5 - 1
    if image is None:
        return Image(colored), mask
    expect_size(mask, image, port="sketch")
    return Image(torch.where(mask.values > 0, colored.to(image.pixels), image.pixels)), mask
