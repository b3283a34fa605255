"""The run folder: the only thing that a training process and its watchers share.

Layout and rules are those of the design: status replaced atomically, metrics and events append-only. What a write
costs does not depend on how long the run is.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PARTS = ("control", "samples", "checkpoints", "models")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_TAIL = 2**16  # bytes read at a time from the end of a file


class RunFolder:
    """Paths and writers of one run, for the process that trains; watchers only read.

    Attributes:
        path: The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._started = time.time()
        self._control = path / "control"
        for name in PARTS:
            (path / name).mkdir(parents=True, exist_ok=True)
        for name in ("metrics.jsonl", "events.jsonl"):
            cut_torn_line(path / name)

    def status(self, *, flush: bool = True, **fields: Any) -> None:
        """Replace status.json: who runs, in which phase and step, and when it was last alive."""
        record = {"pid": os.getpid(), "started": self._started, "heartbeat": time.time(), **fields}
        write_atomically(self.path / "status.json", json.dumps(record, indent=1).encode(), flush=flush)

    def metric(self, **fields: Any) -> None:
        """Append a line to metrics.jsonl."""
        self._append("metrics.jsonl", fields)

    def event(self, kind: str, **fields: Any) -> None:
        """Append a line to events.jsonl, unless the disk is full: an event is no reason to end a run."""
        try:
            self._append("events.jsonl", {"time": time.time(), "event": kind, **fields})
        except OSError as error:
            if not is_full(error):
                raise

    def requests(self) -> list[Mapping[str, Any]]:
        """Take the waiting requests, each with a "command", out of control/, oldest first; damaged ones are dropped."""
        found: list[Mapping[str, Any]] = []
        for name in sorted(os.listdir(self._control)):
            if name.startswith(".") or not name.endswith(".json"):
                continue
            file = self._control / name
            try:
                request = json.loads(file.read_bytes())
                found.append({**request, "command": str(request["command"])})
            except (OSError, ValueError, KeyError, TypeError):
                self.event("control_ignored", file=name)
            file.unlink(missing_ok=True)
        return found

    def _append(self, name: str, fields: dict[str, Any]) -> None:
        with (self.path / name).open("ab", buffering=0) as file:
            before = file.tell()
            line = json.dumps(fields).encode() + b"\n"
            try:
                if file.write(line) != len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            except OSError:
                file.truncate(before)  # else the next line would go on in half of this one
                raise


def write_atomically(path: Path, data: bytes, *, flush: bool = True) -> None:
    """Write a file so that a reader, or a crash, sees the old or the new content and nothing between.

    Args:
        path: Where.
        data: Its whole content.
        flush: Whether it has to be on the disk before the old one goes; without, a crash of the machine (not of this
            process) may lose it.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            if flush:
                os.fsync(file.fileno())
        aside.replace(path)
    except OSError:
        aside.unlink(missing_ok=True)  # on a full disk, its bytes are wanted elsewhere
        raise


def flush(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk; Windows has no such thing for folders."""
    if path.is_dir() and sys.platform == "win32":
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_full(error: OSError) -> bool:
    """Say whether a write failed for want of space: on the disk, in a quota, or under a limit on files."""
    return error.errno in _FULL


def cut_torn_line(path: Path) -> None:
    """Remove a last line that a crash cut off, so that the next one does not go on in it; reads the end only."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        size = end = file.seek(0, os.SEEK_END)
        while end > 0:
            start = max(0, end - _TAIL)
            file.seek(start)
            found = file.read(end - start).rfind(b"\n") + 1
            end = start + found
            if found:
                break
        if end < size:
            file.truncate(end)


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Read a .jsonl file, ignoring a last line that is still being written."""
    if not path.exists():
        return []
    lines = path.read_text("utf-8").split("\n")
    return [json.loads(line) for line in lines[:-1] if line]
