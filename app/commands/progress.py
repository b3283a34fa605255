"""A run's progress on a terminal: a bar that moves, or plain lines where the output is a file or a pipe."""

from __future__ import annotations

import shutil
import time
from typing import TextIO

from core.events import Event, NodeFinished, NodeNoted, NodeStarted, RunStarted, StepTaken

BAR_WIDTH = 28
# Into a pipe, long work reports each such part of itself, not each step.
PARTS_OF_PLAIN_REPORT = 5


class Progress:
    """Takes the events of one run and shows how far it is.

    Attributes:
        seconds: Wall-clock seconds of each node that was run, by its id.
    """

    def __init__(self, stream: TextIO, names: dict[str, str]) -> None:
        """Write to `stream`; `names` says what people call each node."""
        self.seconds: dict[str, float] = {}
        self._stream = stream
        self._names = names
        self._moves = stream.isatty()
        self._total = self._done = 0
        self._began = time.perf_counter()

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if isinstance(event, RunStarted):
            self._total = event.total
        elif isinstance(event, NodeStarted):
            self._draw(event.node, 0, 1)
        elif isinstance(event, StepTaken):
            self._step(event)
        elif isinstance(event, NodeNoted):
            self.close()
            self._line(f"{self._name(event.node)}: {event.text}")
        elif isinstance(event, NodeFinished):
            self._finish(event)

    def close(self) -> None:
        """Leave the terminal's line free, whatever the run's end was."""
        if self._moves:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def _step(self, event: StepTaken) -> None:
        """Show that a node took a step."""
        if self._moves:
            self._draw(event.node, event.done, event.total)
            return
        parts = [PARTS_OF_PLAIN_REPORT * done // max(event.total, 1) for done in (event.done - 1, event.done)]
        if parts[0] != parts[1]:
            self._line(f"{self._name(event.node)}: step {event.done} of {event.total}")

    def _finish(self, event: NodeFinished) -> None:
        """Show that a node's results are there."""
        self._done += 1
        self.close()
        if not event.cached:
            self.seconds[event.node] = self.seconds.get(event.node, 0.0) + event.seconds
            self._line(f"[{self._done}/{self._total}] {self._name(event.node)}: {event.seconds:.2f} s  {event.summary}")

    def _draw(self, node: str, done: int, total: int) -> None:
        """Draw the moving line over the one before."""
        if not self._moves:
            return
        filled = BAR_WIDTH * done // max(total, 1)
        elapsed = time.perf_counter() - self._began
        steps = f"{done}/{total}" if total > 1 else ""
        line = f"{'█' * filled}{'░' * (BAR_WIDTH - filled)} {self._name(node)} {steps} {elapsed:.0f} s"
        self._stream.write(f"\r\x1b[K{line[: shutil.get_terminal_size().columns - 1]}")
        self._stream.flush()

    def _line(self, text: str) -> None:
        """Write a line that stays."""
        self._stream.write(f"{text.rstrip()}\n")
        self._stream.flush()

    def _name(self, node: str) -> str:
        """Return what people call a node."""
        return self._names.get(node, node)
