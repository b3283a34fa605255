"""Replacing a file so that a crash leaves either the old content or the new one, never a torn mix."""

from __future__ import annotations

import contextlib
import os
import uuid
from pathlib import Path


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` aside, flush it to the disk, and rename it over `path`; links are followed.

    Raises:
        OSError: Nothing was changed; the file written aside is removed.
    """
    target = Path(os.path.realpath(path))
    aside = target.with_name(f".{target.name}.{uuid.uuid4().hex}.tmp")
    try:
        with aside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            os.chmod(aside, target.stat().st_mode & 0o777)
        os.replace(aside, target)
    except BaseException:
        with contextlib.suppress(OSError):
            aside.unlink()
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Make a rename durable where folders can be synced (not on Windows)."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):  # some network file systems refuse; the rename itself stands
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
