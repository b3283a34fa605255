"""The pictures that were kept in the painter: files that workflows name, never overwritten or removed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from PySide6.QtGui import QImage

from app.painting import mask_files
from core.errors import InputError


def store(folder: Path, picture: QImage) -> Path:
    """Write a picture into `folder` under a name that its pixels decide; return the file.

    Raises:
        InputError: The disk refuses.
    """
    plain = picture.convertToFormat(QImage.Format.Format_RGB888)
    size = f"{plain.width()}x{plain.height()}".encode()
    name = hashlib.sha256(size + b"".join(_rows(plain))).hexdigest()[:20]
    path = folder / f"{name}.png"
    if not path.exists():
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f'The picture could not be kept in "{folder}".', why=f"{error}.",
                fix="Make the folder writable, or free some space on its disk.",
            ) from error  # fmt: skip
        mask_files.write(path, plain)
    return path


def _rows(picture: QImage) -> list[bytes]:
    """The pixels of each row, without what pads it."""
    line, width = picture.bytesPerLine(), 3 * picture.width()
    held = bytes(picture.constBits())
    return [held[row * line : row * line + width] for row in range(picture.height())]
