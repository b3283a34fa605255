"""Writing on a disk that may be full: the run pauses with all that it holds, and goes on when there is space."""

from __future__ import annotations

import contextlib
import errno
import shutil
import time
from collections.abc import Callable

from core.errors import Cancelled, LoomError
from training.control import Control
from training.distributed import Ranks
from training.run_folder import RunFolder, is_full

RETRY_S = 5.0  # quotas and limits cannot be asked for their free space, so a write is tried again now and then
_SPARE = 1.1
# What keeps a file from growing, and what helps; the folder is put in.
_REASONS = {
    errno.ENOSPC: ("the disk is full", "Free some space on the disk of {}"),
    errno.EDQUOT: ("the quota on the disk is used up", "Free some of the quota on the disk of {}"),
    errno.EFBIG: ("files may not grow so large here", "Raise the limit on the size of files (ulimit -f) for {}"),
}


class DiskFullError(LoomError):
    """The run ended while it could not be saved."""


class DiskSpace:
    """Makes sure that what a run writes is written."""

    def __init__(self, folder: RunFolder, control: Control, tell: Callable[[str], None], ranks: Ranks) -> None:
        self._folder, self._control, self._tell, self._ranks = folder, control, tell, ranks

    def insist(self, what: str, write: Callable[[], object], need: int = 0, *, together: bool = False) -> None:
        """Call `write` on the rank that writes; while the disk is full, pause and try again.

        Args:
            what: What is written, as in "The checkpoint at step 5".
            write: Writes all or nothing.
            need: About how many bytes it takes.
            together: Whether the other ranks write too, as their parts; what happens on rank 0 counts.

        Raises:
            DiskFullError: Somebody ended the run meanwhile.
            Aborted: The run has to end as it is.
        """
        while (told := self._ranks.agree(self._tried(what, write, need, together))) is not None:
            self._folder.event("disk_full", what=what)
            if self._control.ending:
                raise DiskFullError(told["what"], why=told["why"], fix=told["fix"])
            self._tell(" ".join(told.values()))
            began = time.monotonic()

            def worth_a_try(began: float = began) -> bool:
                free = shutil.disk_usage(self._folder.path).free
                return time.monotonic() - began > RETRY_S and free > need * _SPARE

            self._control.pause(worth_a_try, doing="waiting for space on the disk", error=told)

    def _tried(self, what: str, write: Callable[[], object], need: int, together: bool) -> dict[str, str] | None:
        """Write; return None, or what people are told."""
        if not self._ranks.leads:
            with contextlib.suppress(Cancelled, OSError):  # rank 0 failed, or will as well, and tells
                if together:
                    write()
            return None
        try:
            write()
        except OSError as error:
            if not is_full(error):
                raise
            told = disk_full(self._folder, error, what, need)
            return {"what": told.what, "why": told.why, "fix": told.fix}
        return None


def disk_full(folder: RunFolder, error: OSError, what: str = "The run's state", need: int = 0) -> DiskFullError:
    """Return the error that people see; `what` takes about `need` bytes, 0 where that is not known."""
    free = shutil.disk_usage(folder.path).free
    size = f"; it takes about {megabytes(need)}, and {megabytes(free)} are free" if need else ""
    reason, way_out = _REASONS.get(error.errno or errno.ENOSPC, _REASONS[errno.ENOSPC])
    return DiskFullError(
        f"{what} cannot be written: {reason}.",
        why=f"{error.strerror}{size}. Checkpoints that were saved before are whole.",
        fix=f"{way_out.format(folder.path.resolve())} and resume.",
    )


def megabytes(count: float) -> str:
    """Return a number of bytes for people."""
    return f"{count / 2**20:,.1f} MB" if count < 2**30 else f"{count / 2**30:,.1f} GB"
