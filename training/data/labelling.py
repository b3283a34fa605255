"""Joining a picture with what is said of it: captions, classes, boxes, and files of masks and semantic maps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.conditioning.layout import Box
from training.data.item import Record
from training.data.metadata import Bad, Said
from training.data.reading import BadPicture, read_labels


def labelled(folder: Path, record: Record, said: Said | None, beside: str | None) -> tuple[Record, list[Bad]]:
    """Return the record with all that is said of it, and what of that cannot be used.

    The caption beside a picture goes before that of the metadata. A picture of no named class is of the class of the
    first folder on the way to it.
    """
    said = said or Said()
    faults: list[Bad] = []
    boxes = _boxes(record, said, faults)
    parts = record.name.split("/")
    return (
        replace(
            record,
            caption=said.caption if beside is None else beside,
            class_name=said.class_name or (parts[0] if len(parts) > 1 else ""),
            boxes=boxes,
            mask=_file(folder, record, "mask", said.mask, faults),
            semantic=_file(folder, record, "semantic map", said.semantic, faults),
        ),
        faults,
    )


def _boxes(record: Record, said: Said, faults: list[Bad]) -> tuple[Box, ...]:
    if not said.boxes:
        return ()
    in_pixels = said.in_pixels
    if in_pixels is None:
        in_pixels = any(edge > 1 for box in said.boxes for edge in box[1:])
    w, h = (record.width, record.height) if in_pixels else (1, 1)
    found = []
    for label, x0, y0, x1, y1 in said.boxes:
        # COCO's boxes reach a fraction of a pixel over the edge at times.
        edges = (x0 / w, y0 / h, min(1.0, x1 / w), min(1.0, y1 / h))
        if edges[0] >= edges[2] or edges[1] >= edges[3] or max(x1 / w, y1 / h) > 1.01:
            faults.append(Bad(record.name, f"box {label!r} lies outside of the picture: {[x0, y0, x1, y1]}"))
            continue
        x, y, width, height = edges[0], edges[1], edges[2] - edges[0], edges[3] - edges[1]
        found.append(Box(label=label, x=x, y=y, width=width, height=height))
    return tuple(found)


def _file(folder: Path, record: Record, kind: str, name: str, faults: list[Bad]) -> str:
    """Return the name of a file of labels if it is there, sound, and of the picture's size; else list why not."""
    if not name:
        return ""
    fault = "is not there"
    if not (folder / name).resolve().is_relative_to(folder.resolve()):
        fault = "lies outside of the folder"
    elif (folder / name).is_file():
        try:
            h, w = read_labels(folder / name).shape
            fault = "" if (w, h) == (record.width, record.height) else f"has another size: {w} × {h}"
        except BadPicture as error:
            fault = f"cannot be used: {error}"
    if fault:
        faults.append(Bad(record.name, f"its {kind} {name} {fault}"))
        return ""
    return Path(name).as_posix()
