"""How long work on data tells how far it is, and learns that it should stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from core.cancellation import CancelToken


def _nobody(what: str, done: int, total: int) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class Watch:
    """Handed to work that takes long.

    Attributes:
        cancel: Stops the work at its next item.
        tell: Called with what is being done, how many are done, and of how many; may raise `Cancelled`.
    """

    cancel: CancelToken = field(default_factory=CancelToken)
    tell: Callable[[str, int, int], None] = _nobody

    def reached(self, what: str, done: int, total: int) -> None:
        """Report; raises `Cancelled` if the work should stop."""
        self.cancel.check()
        self.tell(what, done, total)
