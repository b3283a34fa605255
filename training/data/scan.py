"""The integrity scan of a folder: every picture is decoded once, every bad file is listed by name, work goes on.

What was found is kept by (size, time of change) of each file, line by line while the scan goes on, so that a scan
that was cut off goes on where it was, and the next one reads only what is new.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from core.errors import InputError
from training.data.item import Record
from training.data.labelling import labelled
from training.data.lock import exclusive
from training.data.metadata import METADATA, Bad, Sayings, caption_beside
from training.data.reading import SUFFIXES, BadPicture, read_picture
from training.data.watch import Watch
from training.run_folder import cut_torn_line, read_lines, write_atomically

Found = Callable[[Record | Bad], None]
FLUSH_EVERY = 0.5  # seconds
THREADS = min(8, os.cpu_count() or 1)
T = TypeVar("T")


@dataclass(frozen=True)
class Scan:
    """What a folder holds.

    Attributes:
        records: The sound pictures, sorted by name.
        bad: Files and lines that were left out, each with the reason.
        ignored: How many files are of other kinds.
    """

    records: tuple[Record, ...]
    bad: tuple[Bad, ...]
    ignored: int


def scan_folder(
    folder: Path, sayings: Sayings, cache: Path, watch: Watch, *, smallest: int = 1, found: Found = lambda _: None
) -> Scan:
    """Look at every picture of a folder and its subfolders, hidden ones left out.

    Args:
        folder: Where the pictures lie.
        sayings: What is said of them beyond `.txt` files.
        cache: Where findings are kept.
        watch: Is told how many files are done.
        smallest: Least length of the shorter side, in pixels.
        found: Called with each finding as it comes.

    Raises:
        InputError: There is no such folder.
    """
    names, ignored = _listed(folder)
    kept = cache / f"scan-{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]}.jsonl"
    with exclusive(kept.with_suffix(".lock"), watch):
        records, bad = _looked_at(folder, names, sayings, _Findings(kept), watch, smallest, found)
    return Scan(tuple(records), tuple(bad), ignored)


def _looked_at(
    folder: Path, names: list[str], sayings: Sayings, known: _Findings, watch: Watch, smallest: int, found: Found
) -> tuple[list[Record], list[Bad]]:
    records: list[Record] = []
    bad: list[Bad] = []

    def tell(finding: Record | Bad) -> None:
        (records if isinstance(finding, Record) else bad).append(finding)  # type: ignore[arg-type]
        found(finding)

    def look(name: str) -> tuple[dict[str, Any], list[Record | Bad]]:
        seen = known.look(folder, name)
        return seen, list(_told(folder, name, sayings, seen, smallest))

    for broken in sayings.bad:
        tell(broken)
    watch.reached("looking at pictures", 0, len(names))
    looked = _ahead(look, names)
    try:
        for index, (seen, findings) in enumerate(looked):
            known.keep(seen)
            for finding in findings:
                tell(finding)
            watch.reached("looking at pictures", index + 1, len(names))
    finally:
        looked.close()
        known.save()
    for name in sorted(sayings.by_name.keys() - set(names)):
        tell(Bad(name, "named by the metadata, but there is no such picture"))
    known.save(only=set(names))
    return records, bad


def _ahead(function: Callable[[str], T], names: Iterable[str]) -> Generator[T, None, None]:
    """Give the function's results in order, computed by a few threads some names ahead (decoding lets others run)."""
    with ThreadPoolExecutor(THREADS, "scan") as pool:
        waiting: deque[Future[T]] = deque()
        try:
            for name in names:
                waiting.append(pool.submit(function, name))
                if len(waiting) > 4 * THREADS:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _told(folder: Path, name: str, sayings: Sayings, seen: dict[str, Any], smallest: int) -> Iterator[Record | Bad]:
    """Give what is to be said of one file: a record or why there is none, and faults of what lies beside it."""
    if "bad" in seen:
        yield Bad(name, seen["bad"])
        return
    width, height = seen["width"], seen["height"]
    if min(width, height) < smallest:
        yield Bad(name, f"too small: {width} × {height}, and the shorter side must have {smallest} pixels")
        return
    record = Record(name=name, width=width, height=height, digest=seen["digest"])
    caption: str | None = None
    try:
        caption = caption_beside(folder / name)
    except ValueError as error:
        yield Bad(Path(name).with_suffix(".txt").as_posix(), f"bad caption: {error}")
    complete, faults = labelled(folder, record, sayings.by_name.get(name), caption)
    yield from faults
    yield complete


def _listed(folder: Path) -> tuple[list[str], int]:
    if not folder.is_dir():
        raise InputError(
            f"The picture folder {folder} does not exist.",
            why="Training reads its pictures from an existing folder.",
            fix="Give the path of a folder with pictures.",
        )
    names, ignored = [], 0
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if any(part.startswith(".") for part in name.split("/")) or path.is_dir():
            continue
        if path.suffix.lower() in SUFFIXES:
            names.append(name)
        elif path.suffix.lower() != ".txt" and name != METADATA:
            ignored += 1
    return sorted(names), ignored


class _Findings:
    """What earlier scans found, as lines {"name", "stamp", and "width", "height", "digest" or "bad"}."""

    def __init__(self, path: Path) -> None:
        self._path, self._known, self._new = path, dict[str, dict[str, Any]](), list[str]()
        self._saved = time.monotonic()
        for finding in _read_whole_lines(path):
            self._known[finding["name"]] = finding

    def look(self, folder: Path, name: str) -> dict[str, Any]:
        """Return what is known of a file as it is now, looking at it if need be; for any thread."""
        path = folder / name
        stamp = _stamp(path)
        finding = self._known.get(name)
        if finding is None or finding["stamp"] != stamp:
            return {"name": name, "stamp": stamp, **_examined(path)}
        return finding

    def keep(self, finding: dict[str, Any]) -> None:
        """Remember what was found, unless the file may well be readable next time."""
        if self._known.get(finding["name"]) is finding or finding.get("bad", "").startswith("unreadable"):
            return
        self._known[finding["name"]] = finding
        self._new.append(json.dumps(finding))
        if time.monotonic() - self._saved > FLUSH_EVERY:
            self.save()

    def save(self, only: set[str] | None = None) -> None:
        """Append what is new; with `only`, rewrite the file with these names."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if only is not None and self._known.keys() - only:
            kept = [json.dumps(finding) for name, finding in self._known.items() if name in only]
            write_atomically(self._path, "".join(line + "\n" for line in kept).encode())
        elif self._new:
            with self._path.open("a", encoding="utf-8") as file:
                file.write("".join(line + "\n" for line in self._new))
        self._new.clear()
        self._saved = time.monotonic()


def _read_whole_lines(path: Path) -> list[dict[str, Any]]:
    """Read the findings; a last line that a crash cut off is cut away, so that the next one begins a line."""
    cut_torn_line(path)
    return read_lines(path)


def _examined(path: Path) -> dict[str, Any]:
    try:
        picture = read_picture(path)
    except BadPicture as error:
        return {"bad": str(error)}
    height, width = picture.image.shape[:2]
    return {"width": width, "height": height, "digest": picture.digest}


def _stamp(path: Path) -> list[int]:
    try:
        status = path.stat()
    except OSError:
        return []
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns]
