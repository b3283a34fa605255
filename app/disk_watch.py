"""Notices when another program changes the open document's file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

from app.document import Document

_SETTLE_MS = 150
"""Programs write a file in several steps; this long after the last one it is looked at."""

Stamp = tuple[int, int, int]


class DiskWatch(QObject):
    """Watches the document's file.

    Signals:
        changed(Path): The file is not what was opened or saved last.
    """

    changed = Signal(object)

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._document = document
        self._watcher = QFileSystemWatcher(self)
        self._stamp: Stamp | None = None
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(_SETTLE_MS)
        self._delay.timeout.connect(self._look)
        self._watcher.fileChanged.connect(self._delay.start)
        document.replaced.connect(self.renew)
        document.saved.connect(self.renew)

    def renew(self) -> None:
        """Take the file as it is now for what the window shows."""
        if self._watcher.files():
            self._watcher.removePaths(self._watcher.files())
        path = self._document.path
        self._stamp = _stamp(path) if path is not None else None
        if self._stamp is not None:
            self._watcher.addPath(str(path))

    def _look(self) -> None:
        path = self._document.path
        if path is None:
            return
        now = _stamp(path)
        if now is not None and str(path) not in self._watcher.files():
            self._watcher.addPath(str(path))  # replaced by another file of the same name
        if now is not None and now != self._stamp:
            self._stamp = now  # one change is told once
            self.changed.emit(path)


def _stamp(path: Path) -> Stamp | None:
    """What tells one content of a file from another without reading it, or None when the file is gone."""
    try:
        info = path.stat()
    except OSError:
        return None
    return info.st_mtime_ns, info.st_size, info.st_ino
