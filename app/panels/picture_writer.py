"""Writing pictures one after the other, away from the window's thread; a full disk is told once."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QObject, QRunnable, QThreadPool, Signal
from PySide6.QtGui import QImage, QImageWriter

from core.errors import LoomError
from core.graph.atomic_write import write_atomically


class PictureWriter(QObject):
    """A queue of pictures for the disk.

    Signals:
        failed(LoomError): A picture could not be written; told anew only after one was.
    """

    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.refused = False
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)

    def write(self, image: QImage, path: Path) -> None:
        """Write `image` with its texts as PNG to `path`, after those that wait."""
        self._pool.start(_Write(image, path, self))

    def flush(self) -> None:
        """Wait until every picture is written."""
        self._pool.waitForDone()


class _Write(QRunnable):
    """Writes one picture aside and renames it."""

    def __init__(self, image: QImage, path: Path, writer: PictureWriter) -> None:
        super().__init__()
        self._image, self._path, self._writer = image, path, writer

    def run(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self._path, encoded(self._image, b"PNG"))
        except OSError as error:
            if not self._writer.refused:
                self._writer.refused = True
                self._writer.failed.emit(_refusal(self._path.parent, error))
        else:
            self._writer.refused = False


def encoded(image: QImage, kind: bytes) -> bytes:
    """The picture as a file's bytes, with the texts that it carries where the kind (b"PNG", b"JPG", …) holds them.

    Raises:
        OSError: Qt cannot write this kind.
    """
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not QImageWriter(buffer, kind).write(image):
        raise OSError(f"pictures of the kind {kind.decode()} cannot be written")
    return bytes(buffer.data().data())


def _refusal(folder: Path, error: OSError) -> LoomError:
    return LoomError(
        "The new pictures cannot be kept in the gallery.",
        why=f'Writing to "{folder}" failed: {error.strerror or error}.',
        fix="Make room on that disk; until then only the latest pictures are held, and they are lost at the end.",
    )
