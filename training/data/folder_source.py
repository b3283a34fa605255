"""The sound pictures of a folder as a source; pixels are read when they are asked for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path

import numpy as np

from core.errors import InputError
from training.data.item import Item, Pixels, Record
from training.data.reading import BadPicture, read_labels, read_picture


class FolderSource:
    """Pictures of a folder.

    Attributes:
        folder: Where they lie.
        records: What a scan found.
        cheap: Decoding takes milliseconds.
    """

    cheap = False

    def __init__(self, folder: Path, records: Sequence[Record]) -> None:
        self.folder, self.records = folder, tuple(records)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all contents, names, captions and labels."""
        digest = hashlib.sha256()
        for record in self.records:
            digest.update(json.dumps(asdict(record), sort_keys=True).encode())
            for name in filter(None, (record.mask, record.semantic)):
                digest.update((self.folder / name).read_bytes())
        return digest.hexdigest()[:16]

    def read(self, index: int) -> Item:
        """Return an item, with masks and maps of the picture's own size.

        Raises:
            InputError: A file that was sound when it was scanned is not any more.
        """
        record = self.records[index]
        try:
            picture = read_picture(self.folder / record.name)
        except BadPicture as error:
            raise self._gone(record.name, str(error)) from error
        if picture.digest != record.digest:
            raise self._gone(record.name, "its content has changed")
        mask, semantic = (self._labels(record, name) for name in (record.mask, record.semantic))
        return Item(
            image=picture.image, caption=record.caption, class_name=record.class_name, boxes=record.boxes,
            mask=None if mask is None else mask > 127 if mask.max(initial=0) > 1 else mask > 0, semantic=semantic,
        )  # fmt: skip

    def _labels(self, record: Record, name: str) -> Pixels | None:
        if not name:
            return None
        try:
            labels = read_labels(self.folder / name)
        except BadPicture as error:
            raise self._gone(name, str(error)) from error
        if labels.shape != (record.height, record.width):
            h, w = labels.shape
            raise self._gone(name, f"it has {w} × {h} pixels, its picture {record.width} × {record.height}")
        return np.ascontiguousarray(labels)

    def _gone(self, name: str, reason: str) -> InputError:
        return InputError(
            f"{name} in {self.folder} cannot be used any more.",
            why=f"It was sound when training began, but now: {reason}.",
            fix="Restore the file and resume, or begin a run of another name with the data as it is.",
        )
