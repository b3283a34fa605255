"""The runs of all open documents, in the order in which the one worker carries them out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from app.runtime.worker import Worker
from core.cancellation import CancelToken
from core.events import RunCancelled, RunFailed, RunFinished, RunQueued
from core.graph.workflow import Workflow

Taker = Callable[[object], None]


@dataclass
class _Run:
    """A run that goes on or waits, and who wants to hear of it; None = nobody any more."""

    take: Taker | None
    cancel: CancelToken


class RunQueue:
    """Hands what the worker says of a run to whoever asked for it.

    Runs take turns, and each ends with exactly one of RunFinished, RunCancelled and RunFailed: so whatever the worker
    says belongs to the oldest run that has not ended.

    Attributes:
        ready: Whether the worker can run; the window says so.
        device: What computes, in words; empty until that is known.
    """

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._runs: deque[_Run] = deque()
        self.ready = False
        self.device = ""

    def submit(self, take: Taker, workflow: Workflow, targets: tuple[str, ...] | None = None) -> None:
        """Queue a run of `workflow` as it is now; `take` hears of it, from RunQueued on."""
        run = _Run(take, CancelToken())
        self._runs.append(run)
        take(RunQueued())  # at once, so that a second click cannot start a second run
        self._worker.run(workflow, targets=targets, cancel=run.cancel)

    def take(self, message: object) -> None:
        """Hand on what the worker says of the present run."""
        if not self._runs:
            return
        run = self._runs[0]
        if isinstance(message, (RunFinished, RunCancelled, RunFailed)):
            self._runs.popleft()
        if run.take is not None:
            run.take(message)

    def cancel(self, take: Taker) -> None:
        """Stop the runs that `take` hears of, the present one at its next step."""
        for run in self._runs:
            if run.take == take:
                run.cancel.cancel()

    def abandon(self, take: Taker) -> None:
        """Stop the runs that `take` hears of, and tell it nothing any more."""
        self.cancel(take)
        for run in self._runs:
            if run.take == take:
                run.take = None
