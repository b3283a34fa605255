"""COCO's instances files: images, categories, and boxes [x, y, width, height] in pixels (cocodataset.org, format)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.errors import InputError
from training.data.metadata import Bad, Said, Sayings

Edges = tuple[str, float, float, float, float]


def read_instances(path: Path) -> Sayings:
    """Read the boxes of every picture; broken entries are listed and left out, as are crowds.

    Raises:
        InputError: The file is missing, no JSON, or no instances file.
    """
    table = _table(path)
    names, bad = {}, []
    for category in table["categories"]:
        if isinstance(category, Mapping) and "id" in category:
            names[category["id"]] = str(category.get("name", category["id"]))
    files: dict[Any, str] = {}
    for index, image in enumerate(table["images"]):
        if not isinstance(image, Mapping) or not isinstance(image.get("file_name"), str) or "id" not in image:
            bad.append(Bad(f"{path.name}, image {index}", "broken: it has no id or no file_name"))
            continue
        files[image["id"]] = Path(image["file_name"]).as_posix()
    boxes: dict[str, list[Edges]] = defaultdict(list)
    for index, annotation in enumerate(table["annotations"]):
        try:
            if not annotation.get("iscrowd"):
                boxes[files[annotation["image_id"]]].append(_edges(annotation, names))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            bad.append(Bad(f"{path.name}, annotation {index}", f"broken: {type(error).__name__} {error}"))
    return Sayings({name: Said(boxes=tuple(boxes[name]), in_pixels=True) for name in files.values()}, bad)


def _edges(annotation: Mapping[str, Any], names: Mapping[Any, str]) -> Edges:
    x, y, width, height = (float(value) for value in annotation["bbox"])
    if not (width > 0 and height > 0):
        raise ValueError(f"bbox {annotation['bbox']!r} has no area")
    return names[annotation["category_id"]], max(0.0, x), max(0.0, y), x + width, y + height


def _table(path: Path) -> dict[str, Any]:
    try:
        table = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(
            f"The annotations {path} cannot be read.", why=f"{error.strerror or error}.", fix="Check the path."
        ) from error
    except ValueError as error:
        raise InputError(
            f"The annotations {path} are no JSON.", why=f"{error}.", fix="Give an instances file in COCO's format."
        ) from error
    missing = [
        name
        for name in ("images", "annotations", "categories")
        if not isinstance(table, dict) or not isinstance(table.get(name), list)
    ]
    if missing:
        raise InputError(
            f"The annotations {path} are no instances file.",
            why=f"The list {missing[0]} is missing.",
            fix="Give a file in COCO's format, with images, annotations and categories.",
        )
    return dict(table)
