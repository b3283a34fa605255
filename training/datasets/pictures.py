"""A folder of a person's own pictures with captions, read in a fixed order and fitted to a square.

The caption of `fox.png` is the text of `fox.txt` beside it, or else the line of `captions.jsonl` whose "file" is
"fox.png" (path from the folder, with slashes) and whose "caption" is a sentence, or else "".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from core.errors import InputError

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
LIST_NAME = "captions.jsonl"


@dataclass(frozen=True)
class Picture:
    """A picture file and its caption ("" where none was written)."""

    path: Path
    caption: str


def list_pictures(folder: Path) -> tuple[Picture, ...]:
    """Return the pictures of a folder and its subfolders, sorted by their path, hidden files left out.

    Raises:
        InputError: The folder is missing or holds no picture, or its list of captions is damaged.
    """
    if not folder.is_dir():
        raise InputError(
            f"The picture folder {folder} does not exist.",
            why="Training reads its pictures from an existing folder.",
            fix="Give the path of a folder with pictures.",
        )
    listed = _read_list(folder / LIST_NAME)
    found = []
    for path in sorted(folder.rglob("*"), key=lambda p: p.relative_to(folder).as_posix()):
        name = path.relative_to(folder).as_posix()
        if path.suffix.lower() in SUFFIXES and path.is_file() and not _hidden(name):
            found.append(Picture(path, _caption(path, listed.get(name, ""))))
    if not found:
        raise InputError(
            f"The folder {folder} holds no picture.",
            why=f"Files with the endings {', '.join(SUFFIXES)} are read.",
            fix="Put pictures into the folder or choose another one.",
        )
    return tuple(found)


def load_picture(path: Path, size: int) -> npt.NDArray[np.uint8]:
    """Return a picture as uint8 `[size, size, 3]`: upright, the middle square cut out, transparency on white.

    Raises InputError for a file that is no readable picture.
    """
    try:
        with Image.open(path) as opened:
            upright = ImageOps.exif_transpose(opened).convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(
            f"The picture {path} could not be read.",
            why=f"The file is damaged, cut short or of an unknown kind ({error}).",
            fix="Remove the file from the folder or save it again.",
        ) from error
    square = ImageOps.fit(upright, (size, size), Image.Resampling.LANCZOS)
    sheet = Image.new("RGBA", square.size, (255, 255, 255, 255))
    return np.asarray(Image.alpha_composite(sheet, square).convert("RGB"))


def _hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/"))


def _caption(picture: Path, listed: str) -> str:
    beside = picture.with_suffix(".txt")
    if not beside.is_file():
        return listed
    try:
        return " ".join(beside.read_text(encoding="utf-8-sig").split())
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"The caption {beside} could not be read.",
            why=f"It is not a text in UTF-8 ({error}).",
            fix="Save the caption as UTF-8 text.",
        ) from error


def _read_list(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    captions: dict[str, str] = {}
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(path, 0, str(error)) from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            captions[str(row["file"])] = " ".join(str(row["caption"]).split())
        except (ValueError, KeyError, TypeError) as error:
            raise _damaged(path, number, repr(error)) from error
    return captions


def _damaged(path: Path, line: int, reason: str) -> InputError:
    return InputError(
        f"The list of captions {path} could not be read{f' at line {line}' if line else ''}.",
        why=f"Every line has to be an object with a file and a caption ({reason}).",
        fix='Correct that line, for example: {"file": "fox.png", "caption": "a fox in the snow"}.',
    )
