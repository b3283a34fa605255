"""A rank that fails by itself, such as one whose memory was not enough: the others only see that it is gone.

It leaves a note in the run folder, which all ranks share, and the one that leads tells people what the note says. That
one may be waiting inside a collective operation that never ends, so a thread reads the note.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import torch.distributed as dist

from core.errors import LoomError
from training.run_folder import write_atomically

NOTE = "lost_rank.json"
_CUT_OFF = ("Connection closed by peer", "Connection reset by peer", "Broken pipe")  # what gloo says
_LOOK_S = 1.0


def leave_note(folder: Path, rank: int, error: LoomError) -> None:
    """Say why this rank ends, unless another did before, which may be the reason."""
    if (folder / NOTE).exists():
        return
    told = {"what": f"Rank {rank}: {error.what}", "why": error.why, "fix": error.fix}
    with contextlib.suppress(OSError):  # the terminal hears of it as well
        write_atomically(folder / NOTE, json.dumps(told).encode())


def noted(folder: Path) -> LoomError | None:
    """Return why another rank ended, or None where none left a note."""
    try:
        told = json.loads((folder / NOTE).read_bytes())
    except FileNotFoundError:
        return None
    return LoomError(told["what"], why=told["why"], fix=told["fix"])


def vanished(error: BaseException) -> LoomError | None:
    """Return what people are told where an error means that another rank is gone without a note, else None."""
    if not isinstance(error, dist.DistError) and not any(words in str(error) for words in _CUT_OFF):
        return None
    return LoomError(
        "Another rank of the run ended without a word.",
        why="The connection to it was cut off: its process was killed, or its machine is gone.",
        fix="Look at that rank's terminal and machine, then resume; checkpoints that were saved before are whole.",
    )


@contextlib.contextmanager
def notes_told(folder: Path, tell: Callable[[LoomError], None]) -> Iterator[None]:
    """Inside the block, call `tell` from a thread once another rank has left a note; older notes do not count."""
    (folder / NOTE).unlink(missing_ok=True)
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_LOOK_S):
            if (error := noted(folder)) is not None:
                tell(error)
                return

    thread = threading.Thread(target=watch, name="lost ranks", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
