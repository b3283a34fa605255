"""Which documents are open, kept beside their journals: after a crash the next start can offer them all."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QLockFile, QObject, QTimer

from app.autosave import Left, left_behind
from app.document import Document
from app.settings import Settings
from app.tabs import Tabs
from core.errors import InputError
from core.graph.atomic_write import write_atomically

_DELAY_MS = 100
"""Several changes within this time are written once."""


class Session(QObject):
    """Writes which documents are open whenever that changes, until `stop`."""

    def __init__(self, tabs: Tabs, settings: Settings) -> None:
        super().__init__(tabs)
        self._tabs, self._settings = tabs, settings
        self._path = settings.session_folder / f"{uuid.uuid4().hex}.session"
        self._lock: QLockFile | None = None
        self._written: list[dict[str, Any]] = []
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(_DELAY_MS)
        self._delay.timeout.connect(self.write)
        tabs.changed.connect(self._start)

    def write(self) -> None:
        """Write it now, if it is other than it was."""
        entries = [_entry(tab.document, tab.file.autosave.path, tab is self._tabs.front) for tab in self._tabs.all]
        entries = [entry for entry in entries if entry["file"] or entry["journal"]]
        if entries == self._written:
            return
        # A disk that refuses is told of where it costs something: by the journals.
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if self._lock is None:
                self._lock = _lock(self._path)
                self._lock.tryLock(0)
            write_atomically(self._path, json.dumps(entries).encode())
            self._written = entries

    def stop(self) -> None:
        """Remove it: the program ends as a person wants."""
        self._tabs.changed.disconnect(self._start)
        self._delay.stop()
        _remove(self._path)
        if self._lock is not None:
            self._lock.unlock()

    def _start(self) -> None:
        if not self._delay.isActive():
            self._delay.start()


@dataclass(frozen=True)
class WasOpen:
    """A document that was open when its process died: its file, if it had one, and its unsaved edits, if there were."""

    title: str
    file: Path | None
    left: Left | None = None
    front: bool = False

    @property
    def name(self) -> str:
        """Its name for people."""
        return self.file.name if self.file else self.title

    def reopen(self, document: Document) -> tuple[str, ...]:
        """Let `document` be as it was, and return warnings for people.

        Raises:
            InputError: The file or the journal is damaged, or the journal is gone.
        """
        if self.left is None:
            assert self.file is not None
            return document.open(self.file)
        loaded = self.left.recover()
        if loaded is None:
            raise InputError(
                f'The unsaved changes of "{self.name}" are not there any more.',
                why="They were restored or discarded in another window of Latent Loom meanwhile.",
                fix="Look for them in that window; what was saved can be opened as usual.",
            )
        # What is left of a damaged journal must not replace the file.
        document.restore(loaded.workflow, self.file if loaded.whole else None)
        return loaded.warnings


@dataclass(frozen=True)
class Remains:
    """What processes left that died: documents in the order of their tabs, and the files that say so."""

    documents: tuple[WasOpen, ...]
    sessions: tuple[Path, ...]

    @property
    def unsaved(self) -> tuple[WasOpen, ...]:
        """Those with unsaved edits."""
        return tuple(each for each in self.documents if each.left is not None)

    def forget_sessions(self) -> None:
        """Remove what says what was open; the journals stay."""
        for path in self.sessions:
            _remove(path)

    def discard(self) -> None:
        """Remove everything, unsaved edits too."""
        self.forget_sessions()
        for each in self.unsaved:
            assert each.left is not None
            each.left.discard()


def find_remains(settings: Settings) -> Remains:
    """Find what died: first what sessions name, newest session first, then what no session names."""
    journals = {left.journal.name: left for left in left_behind(settings.unsaved_folder)}
    documents: list[WasOpen] = []
    sessions = _dead(settings.session_folder)
    for path in sessions:
        for entry in _read(path):
            file = Path(entry["file"]) if entry.get("file") else None
            left = journals.pop(str(entry.get("journal")), None)
            known = any(each.file == file for each in documents if file is not None)
            if left is not None or (file is not None and file.is_file() and not known):
                documents.append(WasOpen(str(entry.get("title")), file, left, entry.get("front") is True))
    documents += [WasOpen(left.title, left.file, left) for left in journals.values()]
    return Remains(tuple(documents), tuple(sessions))


def _entry(document: Document, journal: Path | None, front: bool) -> dict[str, Any]:
    file = str(document.path) if document.path else None
    return {"title": document.title, "file": file, "journal": journal.name if journal else None, "front": front}


def _dead(folder: Path) -> list[Path]:
    """The sessions of processes that are no more, the newest first."""
    found: list[tuple[float, Path]] = []
    for path in folder.glob("*.session"):
        lock = _lock(path)
        if lock.tryLock(0):
            lock.unlock()
            with contextlib.suppress(FileNotFoundError):  # another window has restored it meanwhile
                found.append((path.stat().st_mtime, path))
    return [path for _, path in sorted(found, reverse=True)]


def _read(path: Path) -> Iterable[dict[str, Any]]:
    """The documents of a session; a damaged one has none, and its journals are found all the same."""
    try:
        entries = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return []
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _remove(path: Path) -> None:
    """Remove a session, if it can be; at worst the next start offers once more what was open."""
    with contextlib.suppress(OSError):
        path.unlink()


def _lock(path: Path) -> QLockFile:
    """The lock that names the process which writes a session."""
    lock = QLockFile(str(path.with_suffix(".lock")))
    lock.setStaleLockTime(0)
    return lock
