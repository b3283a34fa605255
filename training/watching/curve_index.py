"""metrics.jsonl of a run as curve tables, kept up to date a bounded piece at a time.

`python -m training.watching.curve_index RUN_FOLDER` catches up with a long history in a process of its own, so that
parsing ten million lines takes no time from the window's. One process writes an index at a time; others read it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import numpy as np

from training.data.lock import try_hold
from training.watching.curve_table import CurveTable, Floats

VERSION = 1
PIECE = 2**20  # bytes of metrics.jsonl that are read and parsed at a time
_NICE = 10  # the window that waits for it, and the run, go first
_HEAD = 64  # bytes at the beginning of metrics.jsonl by which another file is known


class CurveIndex:
    """The curves of a run.

    Attributes:
        run: The run folder.
        folder: Where the index lies: in the run folder, or among temporary files where that cannot be written to.
        tables: The curves of each phase.
        offset: How many bytes of metrics.jsonl are in them.
    """

    def __init__(self, run: Path) -> None:
        self.run, self._metrics = run, run / "metrics.jsonl"
        self.folder = _index_folder(run)
        self.tables: dict[str, CurveTable] = {}
        self.offset, self._head, self._told = 0, "", (0, 0)
        self._lock: IO[bytes] | None = None
        self.reload()

    @property
    def behind(self) -> int:
        """How many bytes of metrics.jsonl are not in the tables yet."""
        try:
            return max(0, self._metrics.stat().st_size - self.offset)
        except OSError:
            return 0

    @property
    def share(self) -> float:
        """How much of metrics.jsonl is in the tables, from 0 to 1."""
        return self.offset / max(1, self.offset + self.behind)

    def hold(self) -> bool:
        """Become the one that writes the index; False where another process is."""
        if self._lock is None:
            self._lock = try_hold(self.folder / "lock")
            if self._lock is not None:
                self.reload()
        return self._lock is not None

    def release(self) -> None:
        """Let others write the index."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def reload(self) -> bool:
        """Take over what another process has written; returns whether that is new."""
        file = self.folder / "index.json"
        try:
            stat = file.stat()
            if (stat.st_mtime_ns, stat.st_ino) == self._told:
                return False
            known = json.loads(file.read_bytes())
            if known["version"] != VERSION:
                return False
            self._told, self.offset, self._head = (stat.st_mtime_ns, stat.st_ino), known["offset"], known["head"]
            self.tables = {
                phase: CurveTable(self.folder / phase, table["rows"], tuple(table["names"]))
                for phase, table in known["tables"].items()
            }
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return True

    def catch_up(self, most: int = PIECE) -> bool:
        """Read at most `most` bytes of new lines into the tables; returns whether there were any.

        A last line without its end is left for later; lines that are no metrics are passed over. The lock must be held.
        """
        if not self._same_file():
            self._forget()
        try:
            with self._metrics.open("rb") as file:
                file.seek(self.offset)
                piece = file.read(most)
                if not self._head:
                    file.seek(0)
                    self._head = _digest(file.read(_HEAD))
        except OSError:
            return False
        whole = piece.rfind(b"\n") + 1
        if not whole and len(piece) == most:
            whole = len(piece)  # a line longer than a piece is no metric
        if not whole:
            return False
        for phase, rows in _by_phase(_parsed(piece[:whole])):
            table = self.tables.setdefault(phase, CurveTable(self.folder / phase))
            table.append(*_columns(rows))
        self.offset += whole
        self._save()
        return True

    def _same_file(self) -> bool:
        """Whether metrics.jsonl is still the file that the tables were made from, only longer."""
        try:
            with self._metrics.open("rb") as file:
                head = file.read(_HEAD)
                return file.seek(0, 2) >= self.offset and (not self._head or _digest(head) == self._head)
        except OSError:
            return not self.offset

    def _forget(self) -> None:
        for phase in self.tables:
            shutil.rmtree(self.folder / phase, ignore_errors=True)
        self.tables, self.offset, self._head = {}, 0, ""

    def _save(self) -> None:
        if self.offset < _HEAD:
            self._head = ""
        tables = {phase: {"rows": table.rows, "names": table.names} for phase, table in self.tables.items()}
        record = {"version": VERSION, "offset": self.offset, "head": self._head, "tables": tables}
        # Not flushed to the disk: after a crash of the machine the index is made again.
        aside = self.folder / f".index.{os.getpid()}"
        aside.write_text(json.dumps(record), "utf-8")
        aside.replace(self.folder / "index.json")


def _index_folder(run: Path) -> Path:
    folder = run / ".curves"
    try:
        folder.mkdir(exist_ok=True)
    except OSError:
        name = hashlib.sha256(str(run.resolve()).encode()).hexdigest()[:16]
        folder = Path(tempfile.gettempdir()) / "latent-loom-curves" / name
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def _parsed(piece: bytes) -> list[dict[str, Any]]:
    lines = piece.splitlines()
    try:
        rows = json.loads(b"[" + b",".join(lines) + b"]")  # one call parses them faster than one for each
    except ValueError:
        rows = [row for line in lines if (row := _line(line)) is not None]
    return [row for row in rows if isinstance(row, dict) and type(row.get("step")) is int and "phase" in row]


def _line(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _by_phase(rows: list[dict[str, Any]]) -> Iterable[tuple[str, list[dict[str, Any]]]]:
    phases = dict.fromkeys(str(row["phase"]) for row in rows)
    return [(phase, [row for row in rows if row["phase"] == phase]) for phase in phases]


def _columns(rows: list[dict[str, Any]]) -> tuple[np.ndarray, dict[str, Floats]]:
    names = dict.fromkeys(name for row in rows for name in row)
    numbers = [name for name in names if name not in ("phase", "step")]
    columns = {name: [_number(row.get(name)) for row in rows] for name in numbers}
    return np.array([row["step"] for row in rows], np.int64), {k: np.array(v, np.float32) for k, v in columns.items()}


def _number(value: Any) -> float:
    return value if type(value) is float else float(value) if isinstance(value, int) else float("nan")


def _digest(head: bytes) -> str:
    return head.hex() if len(head) == _HEAD else ""


def main(run: Path) -> int:
    """Catch up with the whole history; ends early when the process that asked for it is gone."""
    if sys.platform != "win32":
        os.nice(_NICE)
    parent, index = os.getppid(), CurveIndex(run)
    if not index.hold():
        return 0
    while index.catch_up(4 * PIECE) and os.getppid() == parent:
        pass
    index.release()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
