"""One process at a time: a lock on a file, which the system gives back when its holder dies."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from training.data.watch import Watch


@contextmanager
def exclusive(path: Path, watch: Watch) -> Iterator[None]:
    """Hold the lock file `path` inside the block; wait for whoever holds it, until the watch says stop."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        while not _taken(file):
            watch.reached("waiting for another run that prepares the same data", 0, 0)
            time.sleep(0.2)
        try:
            yield
        finally:
            _give_back(file)


def try_hold(path: Path) -> IO[bytes] | None:
    """Take the lock file `path` until what is returned is closed; None where somebody else has it."""
    file = path.open("a+b")
    if _taken(file):
        return file
    file.close()
    return None


if sys.platform == "win32":
    import msvcrt

    def _taken(file: IO[bytes]) -> bool:
        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _give_back(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _taken(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _give_back(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)
