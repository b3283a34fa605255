"""What a path holds that somebody points at, before any run: for the panel and the command line. Imports no torch."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from training.data.coco import read_instances
from training.data.folder_source import FolderSource
from training.data.item import Pixels, Record
from training.data.metadata import Bad, Sayings, read_metadata
from training.data.reading import read_picture
from training.data.report import DataReport, Tally
from training.data.scan import Scan, scan_folder
from training.data.watch import Watch

Seen = Callable[[DataReport], None]
REPORT_EVERY = 0.5  # seconds


def inspect(
    path: Path, cache: Path, watch: Watch | None = None, seen: Seen = lambda _: None, *,
    annotations: Path | None = None, smallest: int = 1,
) -> DataReport:  # fmt: skip
    """Look at a folder of pictures, or at a COCO instances file with its pictures, and report what is there.

    Args:
        path: The folder, or a COCO file that lies in it.
        cache: Where findings are kept; the cache of runs, so that training need not look again.
        watch: Is told how far it is.
        seen: Called now and then with what was seen so far.
        annotations: A COCO file that lies elsewhere.
        smallest: Least length of the shorter side, in pixels.

    Raises:
        InputError: There is nothing of that kind at `path`.
        Cancelled: The watch asked for it.
    """
    folder = path
    if path.suffix.lower() == ".json":
        folder, annotations = path.parent, path
    tally = Tally("coco" if annotations else "folder", str(path))
    scan = look_at(folder, annotations, tally, cache, watch or Watch(), seen, smallest)
    return tally.report(ignored=scan.ignored, fingerprint=FolderSource(folder, scan.records).fingerprint)


def thumbnail(picture: Path, side: int) -> Pixels:
    """Return the middle of a picture as uint8 [side, side, 3].

    Raises:
        BadPicture: It cannot be read.
    """
    whole = Image.fromarray(read_picture(picture).image)
    return np.asarray(ImageOps.fit(whole, (side, side), Image.Resampling.BILINEAR))


def look_at(
    folder: Path, annotations: Path | None, tally: Tally, cache: Path, watch: Watch, seen: Seen, smallest: int
) -> Scan:
    """Scan a folder with what is said of its pictures, counting into `tally` and reporting to `seen`."""
    sayings = read_instances(annotations) if annotations else read_metadata(folder) if folder.is_dir() else Sayings()
    told = time.monotonic()

    def found(finding: Record | Bad) -> None:
        nonlocal told
        tally.add(finding)
        if time.monotonic() - told > REPORT_EVERY:
            told = time.monotonic()
            seen(tally.report())

    return scan_folder(folder, sayings, cache, watch, smallest=smallest, found=found)
