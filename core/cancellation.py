"""A token that long work checks often, so that a person's Cancel acts within one step."""

from __future__ import annotations

import threading

from core.errors import Cancelled


class CancelToken:
    """Set from any thread, checked by the working one at every step, tile, chunk and item."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the work to stop at its next check."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise `Cancelled` if `cancel` was called."""
        if self._event.is_set():
            raise Cancelled
