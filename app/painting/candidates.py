"""Candidates: the same workflow run with several seeds, each picture kept as it comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from app.painting.inpainting_loop import Loop, variant
from app.runtime.messages import PictureMade
from app.runtime.pictures import to_image
from core.errors import LoomError
from core.events import RunCancelled, RunFailed, RunFinished, StepTaken
from core.graph import workflow_file
from core.graph.workflow import Workflow
from core.imaging.picture_workflow import WORKFLOW_KEY


class Engine(Protocol):
    """What runs workflows."""

    def submit(
        self, take: Callable[[object], None], workflow: Workflow, targets: tuple[str, ...] | None = None
    ) -> None:
        """Queue a run of a workflow as it is now; `take` hears of it."""

    def cancel(self, take: Callable[[object], None]) -> None:
        """Stop the runs that `take` hears of."""


@dataclass(frozen=True)
class Candidate:
    """A picture that may be kept: `step` says by how much its seeds are further than the workflow's."""

    picture: QImage
    loop: Loop
    step: int


@dataclass(frozen=True)
class _Run:
    """A run that goes on or waits, with what its candidate will be of."""

    workflow: Workflow
    loop: Loop
    step: int


class Candidates(QObject):
    """Makes candidates, one after the other.

    Attributes:
        made: Those that are there, the oldest first.
        preview: What the present one looks like so far, or None.
        left: How many are still to come.

    Signals:
        changed(): One of these is another.
        failed(LoomError): A run could not be finished; no further ones follow.
        pictured(QImage, dict): A candidate was made, with the texts that it carries in a file.
    """

    changed = Signal()
    failed = Signal(object)
    pictured = Signal(QImage, dict)

    def __init__(self, engine: Engine, parent: QObject) -> None:
        super().__init__(parent)
        self._engine = engine
        self.made: list[Candidate] = []
        self.preview: QImage | None = None
        self._waiting: list[_Run | None] = []  # None = what comes of it is not wanted any more
        self._steps = 0
        self._failed = False

    @property
    def left(self) -> int:
        """How many are still to come."""
        return sum(run is not None for run in self._waiting)

    def make(self, workflow: Workflow, loop: Loop, count: int) -> None:
        """Make this many more; without a seed to change, one says all."""
        self._failed = False
        for step in range(self._steps, self._steps + (count if loop.seeds else 1)):
            made = variant(workflow, loop, step)
            self._waiting.append(_Run(made, loop, step))
            self._engine.submit(self.take, made, (loop.result,))
        self._steps += count
        self.changed.emit()

    def stop(self) -> None:
        """Make no more; those that are there stay."""
        self._engine.cancel(self.take)

    def forget(self) -> None:
        """Show none any more, nor what a run that ends just now still makes."""
        self.stop()
        self._waiting = [None] * len(self._waiting)
        self.preview = None
        self.made.clear()
        self.changed.emit()

    def begin_anew(self) -> None:
        """As `forget`, for another painting: its candidates begin with the workflow's own seeds."""
        self._steps = 0
        self.forget()

    def take(self, message: object) -> None:
        """Take what the engine says of the oldest run."""
        if not self._waiting:
            return
        run, ends = self._waiting[0], isinstance(message, (RunFinished, RunCancelled, RunFailed))
        if ends:
            del self._waiting[0]
        if run is None:
            return
        match message:
            case PictureMade() if message.node == run.loop.result:
                self._add(message.pixels, run)
            case StepTaken():
                self.preview = to_image(message.preview) or self.preview
            case RunFailed():
                self._fail(message.error)
            case _ if not ends:
                return
        if ends:
            self.preview = None
        self.changed.emit()

    def _fail(self, error: LoomError) -> None:
        """Make no more, and say so once: those that have begun may fail as well before they are stopped."""
        self.stop()
        if not self._failed:
            self._failed = True
            self.failed.emit(error)

    def _add(self, pixels: Any, run: _Run) -> None:
        texts = {WORKFLOW_KEY: workflow_file.dumps(run.workflow)}
        for image in map(to_image, pixels):
            if image is not None:
                self.made.append(Candidate(image, run.loop, run.step))
                self.pictured.emit(image, texts)
