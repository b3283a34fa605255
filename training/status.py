"""status.json, kept true: written at once when something changes that a watcher acts on, else with each heartbeat."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Any

from training.run_folder import RunFolder

HEARTBEAT_S = 1.0
# Steps change many times a second; these are what a watcher waits for.
_AT_ONCE = ("state", "phase", "doing", "error", "steps")


class Status:
    """What the run is doing now; a context in which a thread writes it each second.

    A disk that is full for the moment does not end a run by its heartbeat: the next one tries again.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._fields: dict[str, Any] = {}
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Status:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()
        with self._lock:
            self._write(flush=True)

    def __getitem__(self, name: str) -> Any:
        return self._fields.get(name)

    def update(self, **fields: Any) -> None:
        """Change fields; the others stay. A field that becomes None goes."""
        with self._lock:
            before = {name: self._fields.get(name) for name in _AT_ONCE}
            self._fields |= fields
            self._fields = {name: value for name, value in self._fields.items() if value is not None}
            if before != {name: self._fields.get(name) for name in _AT_ONCE}:
                self._write(flush=True)

    @contextlib.contextmanager
    def told(self, **fields: Any) -> Iterator[None]:
        """Change fields inside the block, and give them back what they were."""
        before = {name: self._fields.get(name) for name in fields}
        self.update(**fields)
        try:
            yield
        finally:
            self.update(**before)

    def _beat(self) -> None:
        while not self._ended.wait(HEARTBEAT_S):
            with self._lock:
                self._write(flush=False)

    def _write(self, *, flush: bool) -> None:
        with contextlib.suppress(OSError):
            self._folder.status(flush=flush, **self._fields)
