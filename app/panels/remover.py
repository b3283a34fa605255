"""Removing files: to the system's trash, from which they can be taken back; for good only if a person says so."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QFile, QObject, QStandardPaths, QTimer, Signal

from app.panels.offer import Offer
from core.errors import LoomError

_LINGER_MS = 20_000
"""This long after a removal it can be undone here; later, from the trash itself."""


@dataclass(frozen=True)
class Trashed:
    """A file in the trash: where it was, and where it is, or None where the system does not say."""

    path: Path
    held: Path | None

    def take_back(self) -> None:
        """Put it where it was.

        Raises:
            OSError: It is not in the trash any more, or the disk refuses.
        """
        if self.held is None or self.path.exists():
            raise FileExistsError(0, "Another file has its name" if self.held else "It is not known where it is")
        self.held.rename(self.path)
        if self.held.parent.name == "files":  # the freedesktop.org trash keeps beside it from where it came
            note = self.held.parent.parent / "info" / f"{self.held.name}.trashinfo"
            with contextlib.suppress(OSError):
                note.unlink(missing_ok=True)


class Remover(QObject):
    """Removes files, and asks and offers about it in a line of its own.

    Attributes:
        offer: The line.

    Signals:
        removed(Path): The file is not there any more.
        returned(): Files are back where they were.
        failed(LoomError): A file could not be removed or taken back.
    """

    removed = Signal(object)
    returned = Signal()
    failed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.offer = Offer()
        self._linger = QTimer(self)
        self._linger.setSingleShot(True)
        self._linger.setInterval(_LINGER_MS)
        self._linger.timeout.connect(self.offer.hide)

    def remove(self, paths: Sequence[Path]) -> None:
        """Move files to the trash; where there is none, ask whether they shall go for good."""
        done: list[Trashed] = []
        refused: list[Path] = []
        for path in paths:
            trashed = _to_trash(path) if path.exists() else None
            if trashed is None and path.exists():
                refused.append(path)
                continue
            if trashed is not None:
                done.append(trashed)
            self.removed.emit(path)
        if refused:
            self._ask_about(refused, done)
        else:
            self._offer_undo(done)

    def _ask_about(self, refused: Sequence[Path], done: Sequence[Trashed]) -> None:
        """Ask about files that the trash refused; then offer to take back those that it took."""

        def keep() -> None:
            self._offer_undo(done)

        def erase() -> None:
            self._erase(refused)
            self._offer_undo(done)

        self._linger.stop()
        # No cause is named: what Qt gives is that of the last place it tried, such as "Bad file descriptor".
        self.offer.ask(f"{_counted(refused)} cannot go to the trash.", {"Keep": keep, "Remove for good": erase})

    def _offer_undo(self, done: Sequence[Trashed]) -> None:
        self._linger.stop()
        if done and all(each.held is not None for each in done):
            words = f"{_counted(done)} {'are' if len(done) > 1 else 'is'} in the trash now."
            self.offer.ask(words, {"Undo": lambda: self._take_back(done), "Dismiss": lambda: None})
            self._linger.start()

    def _erase(self, paths: Sequence[Path]) -> None:
        for path in paths:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                self.failed.emit(
                    LoomError(
                        f'The picture "{path.name}" cannot be removed.', why=f"{error.strerror or error}.",
                        fix=f'Make the folder "{path.parent}" writable, or remove the file yourself.',
                    )
                )  # fmt: skip
                return
            self.removed.emit(path)

    def _take_back(self, done: Sequence[Trashed]) -> None:
        for each in done:
            try:
                each.take_back()
            except OSError as error:
                self.failed.emit(
                    LoomError(
                        f'The picture "{each.path.name}" cannot be taken back from the trash.',
                        why=f"{error.strerror or error}.",
                        fix="Look for it in the trash of your desktop, and restore it there.",
                    )
                )
        self.returned.emit()


def _to_trash(path: Path) -> Trashed | None:
    """Move a file to the system's trash; None where that is not possible, and the file stays."""
    home = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation)
    with contextlib.suppress(OSError):
        Path(home).mkdir(parents=True, exist_ok=True)  # Qt makes the trash in it, but not this
    file = QFile(str(path))
    if not file.moveToTrash():
        return None
    held = Path(file.fileName())
    return Trashed(path, held if held != path and held.is_file() else None)


def _counted(files: Sequence[object]) -> str:
    return f"{len(files)} pictures" if len(files) > 1 else "The picture"
