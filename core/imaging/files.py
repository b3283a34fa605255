"""Reading pictures and writing PNG files that carry their workflow."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from core.errors import InputError
from core.imaging.image import Image, Pixels, from_uint8
from core.imaging.picture_workflow import WORKFLOW_KEY


def read_image(path: Path) -> Image:
    """Read a picture file, upright and without transparency (over white).

    Raises:
        InputError: The file is missing, damaged, no picture, or too large to be one.
    """
    try:
        with Pillow.open(path) as opened:
            upright = ImageOps.exif_transpose(opened).convert("RGBA")
    except FileNotFoundError as error:
        raise InputError(
            f"The picture {path} does not exist.", why="It was moved, renamed or deleted.",
            fix="Choose the picture again.", port="path",
        ) from error  # fmt: skip
    except (OSError, UnidentifiedImageError, Pillow.DecompressionBombError, SyntaxError, ValueError) as error:
        raise InputError(
            f"The picture {path} cannot be read.", why=f"{error}.", fix="Choose a whole PNG, JPEG or WebP file.",
            port="path",
        ) from error  # fmt: skip
    white = Pillow.new("RGBA", upright.size, "white")
    return Image(from_uint8(np.array(Pillow.alpha_composite(white, upright).convert("RGB"))[None]))


def write_png(pixels: Pixels, folder: Path, name: str, workflow: str) -> Path:
    """Write [h, w, 3] uint8 as the next free `name`_0001.png in `folder`, with the workflow in its metadata.

    Raises:
        InputError: The folder cannot be written to.
    """
    metadata = PngInfo()
    if workflow:
        metadata.add_itxt(WORKFLOW_KEY, workflow)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        pattern = re.compile(re.escape(name) + r"_(\d+)\.png")
        taken = [int(found[1]) for file in folder.iterdir() if (found := pattern.fullmatch(file.name))]
        path = folder / f"{name}_{max(taken, default=0) + 1:04}.png"
        aside = path.with_suffix(".part")
        Pillow.fromarray(pixels).save(aside, "png", pnginfo=metadata)
        aside.replace(path)
    except OSError as error:
        raise InputError(
            f"The picture cannot be saved in {folder}.", why=f"{error.strerror or error}.",
            fix="Choose a folder that you may write to, on a disk with free space.", port="folder",
        ) from error  # fmt: skip
    return path
