"""What is said of the pictures of a folder: `.txt` beside them, or `metadata.jsonl` with a line for each.

    {"file_name": "a.png", "caption": "a fox", "class": "fox", "mask": "masks/a.png", "semantic": "maps/a.png",
     "boxes": [{"class": "fox", "box": [0.1, 0.2, 0.5, 0.9]}]}

Boxes are [x0, y0, x1, y1], in fractions of the picture where no number is above 1, and in pixels otherwise. All but
file_name may be left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

METADATA = "metadata.jsonl"


@dataclass(frozen=True)
class Bad:
    """A file, or a line of one, that cannot be used, and why."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Said:
    """What is said of one picture; `boxes` are (class, x0, y0, x1, y1) as written."""

    caption: str = ""
    class_name: str = ""
    boxes: tuple[tuple[str, float, float, float, float], ...] = ()
    in_pixels: bool | None = None
    mask: str = ""
    semantic: str = ""


@dataclass
class Sayings:
    """What is said of the pictures by name, and the lines that are broken."""

    by_name: dict[str, Said] = field(default_factory=dict)
    bad: list[Bad] = field(default_factory=list)


def read_metadata(folder: Path) -> Sayings:
    """Read metadata.jsonl of a folder, if it has one; broken lines are listed and left out."""
    found, path = Sayings(), folder / METADATA
    if not path.is_file():
        return found
    try:
        lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n")
    except OSError as error:
        found.bad.append(Bad(METADATA, f"unreadable: {error.strerror or error}"))
        return found
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            name, said = _line(json.loads(line.decode("utf-8")))
        except (ValueError, TypeError, KeyError) as error:
            found.bad.append(Bad(f"{METADATA}, line {number}", f"broken: {_reason(error)}"))
            continue
        if name in found.by_name:
            found.bad.append(Bad(f"{METADATA}, line {number}", f"names {name} again; the first line counts"))
            continue
        found.by_name[name] = said
    return found


def caption_beside(picture: Path) -> str | None:
    """Return the text of the `.txt` file beside a picture on one line, or None where there is none.

    Raises:
        ValueError: It cannot be read or is not UTF-8.
    """
    path = picture.with_suffix(".txt")
    try:
        return one_line(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 at byte {error.start}") from error
    except OSError as error:
        raise ValueError(f"unreadable: {error.strerror or error}") from error


def one_line(text: str) -> str:
    """Return text without line breaks and double spaces."""
    return " ".join(text.split())


def _line(row: Any) -> tuple[str, Said]:
    if not isinstance(row, Mapping):
        raise TypeError("it is no object")
    name = _text(row, "file_name")
    if not name:
        raise ValueError("file_name is missing")
    boxes = row.get("boxes") or []
    if not isinstance(boxes, list):
        raise TypeError("boxes are no list")
    return Path(name).as_posix(), Said(
        caption=one_line(_text(row, "caption")), class_name=_text(row, "class"), boxes=tuple(map(_box, boxes)),
        mask=_text(row, "mask"), semantic=_text(row, "semantic"),
    )  # fmt: skip


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{name} is {value!r}, no text")
    return value or ""


def _box(box: Any) -> tuple[str, float, float, float, float]:
    if not isinstance(box, Mapping):
        raise TypeError(f"the box {box!r} is no object")
    edges = box.get("box")
    if not isinstance(edges, list) or len(edges) != 4:
        raise ValueError(f"the box {edges!r} has not four edges")
    x0, y0, x1, y1 = (float(edge) for edge in edges)
    if not (0 <= x0 < x1 and 0 <= y0 < y1 and max(x1, y1) < 1e6):
        raise ValueError(f"the box {edges!r} is not [x0, y0, x1, y1] with x0 < x1 and y0 < y1")
    return _text(box, "class"), x0, y0, x1, y1


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"not UTF-8 at byte {error.start}"
    return str(error.args[0]) if error.args else repr(error)
