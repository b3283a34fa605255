"""What a run has shown of a node so far: drawn on its card, never part of the workflow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtGui import QImage

Phase = Literal["idle", "waiting", "running", "done", "failed"]


@dataclass(frozen=True)
class CardState:
    """The run as one card shows it.

    Attributes:
        phase: Where the node is in the run.
        done: Steps taken.
        total: Steps in all; 0 = the node reports none.
        seconds: Time it took, or None.
        cached: Whether the result came from the cache.
        preview: Newest picture, or None.
        error: What went wrong, one or two sentences; empty when nothing did.
        faults: Names of the inputs and settings at fault.
        note: What the node had to say that is no error; may be empty.
        hint: What is to be known before a run, such as what it costs; may be empty.
        made_of: Fingerprint of the node that all this belongs to (`app.freshness`), or None before the first run.
        stale: Whether the node, or anything upstream, has changed since.
    """

    phase: Phase = "idle"
    done: int = 0
    total: int = 0
    seconds: float | None = None
    cached: bool = False
    preview: QImage | None = None
    error: str = ""
    faults: frozenset[str] = frozenset()
    note: str = ""
    hint: str = ""
    made_of: int | None = None
    stale: bool = False

    @property
    def message(self) -> str:
        """What the card says below itself: an error, else a note that still holds, else a hint."""
        return self.error or ("" if self.stale else self.note) or self.hint

    @property
    def message_color(self) -> str:
        """The name of the message's colour: an error is red, a note amber, a hint quiet."""
        if self.error:
            return "danger"
        return "text_muted" if self.message == self.hint else "warning"

    @property
    def progress(self) -> float | None:
        """Share of the steps taken, 0 to 1, or None when nothing runs or the node reports no steps."""
        return self.done / self.total if self.phase == "running" and self.total else None


def readable_seconds(seconds: float) -> str:
    """A duration in at most five characters, such as "84 ms", "3.2 s" or "2:05"."""
    if seconds < 0.1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)}:{int(seconds % 60):02d}"
