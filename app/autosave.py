"""Unsaved edits survive a crash: a journal of the open document, and what the next start finds of it.

Each journal lies beside a lock that names the process that writes it, and a small file that says what it belongs to.
"""

from __future__ import annotations

import contextlib
import json
import uuid
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, QTimer, Signal

from app.document import Document
from core.errors import InputError, LoomError
from core.graph.atomic_write import write_atomically
from core.graph.edits import Group
from core.graph.journal import Journal, recover
from core.graph.workflow_file import Loaded

_START_MS = 200
"""The journal begins this long after the first edit, not within it: far less than what a crash may cost."""


@dataclass(frozen=True)
class Left:
    """A journal that a process left when it died: its name, the document's title, and its file, if it had one."""

    journal: Path
    title: str
    file: Path | None

    def recover(self) -> Loaded | None:
        """Replay it; None when it holds nothing. Raises InputError when it is damaged from its start."""
        return recover(self.journal)

    def discard(self) -> None:
        """Remove it and what belongs to it."""
        for path in (self.journal, *_beside(self.journal)):
            with contextlib.suppress(OSError):
                path.unlink()


class Autosave(QObject):
    """Keeps the journal of one document.

    Args:
        document: What is kept.
        folder: Where journals lie; made when it is needed.

    Signals:
        failed(LoomError): The disk refuses; nothing is kept from then on until the next save.
        moved(): Another journal is written, or none.
    """

    failed = Signal(object)
    moved = Signal()

    def __init__(self, document: Document, folder: Path) -> None:
        super().__init__(document)
        self._document, self._folder = document, folder
        self._journal: Journal | None = None
        self._lock: QLockFile | None = None
        self._broken = False
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(_START_MS)
        self._delay.timeout.connect(self.begin)
        document.edited.connect(self._note)
        document.replaced.connect(self._renew)
        document.saved.connect(self._renew)

    @property
    def path(self) -> Path | None:
        """The journal, or None while there is nothing to keep."""
        return self._journal.path if self._journal is not None else None

    def begin(self) -> None:
        """Begin a journal with the workflow as it is now, if there is anything unsaved."""
        if self._journal is not None or self._broken or self._document.clean:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            journal = Journal(self._folder / f"{uuid.uuid4().hex}.journal")
            meta, lock = _beside(journal.path)
            self._lock = QLockFile(str(lock))
            self._lock.setStaleLockTime(0)
            self._lock.tryLock(0)
            file = self._document.path
            about = {"title": self._document.title, "file": str(file) if file else None}
            write_atomically(meta, json.dumps(about).encode())
            journal.start(self._document.workflow)
            journal.append(Group(()))  # what the first line holds is unsaved, although no edit follows it yet
            self._journal = journal
            self.moved.emit()
        except OSError as error:
            self._fail(error)

    def stop(self) -> None:
        """Remove the journal: everything is saved, or a person does not want it."""
        self._delay.stop()
        journal, self._journal = self._journal, None
        if journal is not None:
            journal.discard()
            if self._lock is not None:
                self._lock.unlock()
            Left(journal.path, "", None).discard()
            self.moved.emit()
        self._lock = None

    def _note(self, edit: object) -> None:
        if self._journal is None:
            if not self._delay.isActive():
                self._delay.start()
            return
        try:
            self._journal.append(edit)  # type: ignore[arg-type]  # the signal carries an Edit
        except OSError as error:
            self._fail(error)

    def _renew(self) -> None:
        self.stop()
        self._broken = False
        if not self._document.clean:
            self.begin()

    def _fail(self, error: OSError) -> None:
        """Keep what was written so far, and its lock, until `stop`: it is all that is left after a crash."""
        self._broken = True
        if self._journal is not None:
            self._journal.close()
        self.failed.emit(
            LoomError(
                "Unsaved changes cannot be kept safe from a crash.",
                why=f'Writing to "{self._folder}" failed: {error.strerror or error}.',
                fix="Make room on that disk, and save the workflow now.",
            )
        )


def left_behind(folder: Path) -> list[Left]:
    """What processes left in `folder` when they died, newest first.

    Empty journals are removed, and what cannot be read at all is kept as `*.damaged` for whoever can mend it.
    """
    found: list[tuple[float, Left]] = []
    for path in folder.glob("*.journal"):
        meta, lock_path = _beside(path)
        lock = QLockFile(str(lock_path))
        lock.setStaleLockTime(0)
        if not lock.tryLock(0):
            continue  # a window is writing it, this one or another
        lock.unlock()
        left = Left(path, *_about(meta))
        try:
            holds, written = left.recover() is not None, path.stat().st_mtime
        except FileNotFoundError:  # another window has restored it meanwhile
            continue
        except InputError:
            path.rename(path.with_suffix(".damaged"))
            holds, written = False, 0.0
        if holds:
            found.append((written, left))
        else:
            left.discard()
    return [left for _, left in sorted(found, key=lambda each: -each[0])]


def _beside(journal: Path) -> tuple[Path, Path]:
    """The files that say what a journal belongs to and who writes it."""
    return journal.with_suffix(".json"), journal.with_suffix(".lock")


def _about(meta: Path) -> tuple[str, Path | None]:
    """Title and file of what a journal belongs to; without them it can be restored all the same."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        about = json.loads(meta.read_text(encoding="utf-8"))
        return str(about["title"]), Path(about["file"]) if about["file"] else None
    return "Untitled", None
