"""The run folder: the only thing that a training process and its watchers share.

Layout and rules are those of the design: status replaced atomically, metrics and events append-only.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any


class RunFolder:
    """Paths and writers of one run, for the process that trains; watchers only read.

    Attributes:
        path: The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._started = time.time()
        for name in ("control", "samples", "checkpoints", "models"):
            (path / name).mkdir(parents=True, exist_ok=True)
        for name in ("metrics.jsonl", "events.jsonl"):
            cut_torn_line(path / name)

    def status(self, **fields: Any) -> None:
        """Replace status.json: who runs, in which phase and step, and when it was last alive."""
        record = {"pid": os.getpid(), "started": self._started, "heartbeat": time.time(), **fields}
        write_atomically(self.path / "status.json", json.dumps(record, indent=1).encode())

    def metric(self, **fields: Any) -> None:
        """Append a line to metrics.jsonl."""
        self._append("metrics.jsonl", fields)

    def event(self, kind: str, **fields: Any) -> None:
        """Append a line to events.jsonl."""
        self._append("events.jsonl", {"time": time.time(), "event": kind, **fields})

    def commands(self) -> list[str]:
        """Take the waiting commands out of control/, oldest first; unreadable ones are dropped."""
        found = []
        for file in sorted((self.path / "control").glob("*.json")):
            try:
                found.append(str(json.loads(file.read_text("utf-8"))["command"]))
            except (OSError, ValueError, KeyError, TypeError):
                self.event("control_ignored", file=file.name)
            file.unlink(missing_ok=True)
        return found

    def _append(self, name: str, fields: dict[str, Any]) -> None:
        with (self.path / name).open("a", encoding="utf-8") as file:
            file.write(json.dumps(fields) + "\n")


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that a reader, or a crash, sees the old or the new content and nothing between."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    with aside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def cut_torn_line(path: Path) -> None:
    """Remove a last line that a crash cut off, so that the next one does not go on in it."""
    text = path.read_bytes() if path.exists() else b""
    whole = text.rfind(b"\n") + 1
    if whole < len(text):
        os.truncate(path, whole)


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Read a .jsonl file, ignoring a last line that is still being written."""
    if not path.exists():
        return []
    lines = path.read_text("utf-8").split("\n")
    return [json.loads(line) for line in lines[:-1] if line]
