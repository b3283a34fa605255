"""What the window makes of a run: events in, changes of cards, picture, banner and log out."""

from __future__ import annotations

import time
from collections import deque
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage

from app.editor.canvas import Canvas
from app.editor.card_state import readable_seconds
from app.freshness import Freshness, Snapshot
from app.panels.log import PLAIN
from app.panels.preview import PreviewPanel
from app.problems import Problems
from app.runtime.messages import PictureMade
from app.runtime.pictures import to_image, to_sheet
from core.events import (
    NodeFailed,
    NodeFinished,
    NodeNoted,
    NodeStarted,
    RunCancelled,
    RunFailed,
    RunFinished,
    RunQueued,
    RunStarted,
    StepTaken,
)
from core.graph import workflow_file
from core.imaging.picture_workflow import WORKFLOW_KEY

_TICK_MS = 100


class RunMonitor(QObject):
    """Shows runs.

    Attributes:
        running: Whether a run goes on or waits.
        outcome: How the last run ended: "", "finished", "failed" or "cancelled".
        written: The files that the present or last run's results are in, and whether this run wrote each.

    Signals:
        changed(): `running` or the status text changed.
        failed(LoomError): A run could not be finished.
        told(str, str): Something worth a line in the log, and its colour.
        stepped(NodeFinished, int, Snapshot): A node of this run has taken so many steps, and is done.
    """

    changed = Signal()
    stepped = Signal(object, int, object)
    failed = Signal(object)
    told = Signal(str, str)

    def __init__(self, freshness: Freshness, problems: Problems, canvas: Canvas, preview: PreviewPanel) -> None:
        super().__init__(canvas)
        self._freshness, self._problems = freshness, problems
        self._canvas, self._preview = canvas, preview
        self._queued: deque[Snapshot] = deque()
        self._last = Snapshot()
        self._started: float | None = None
        self._seconds: float | None = None
        self._pictured: set[str] = set()
        self._shown: set[str] = set()
        self._noted: dict[str, str] = {}
        self._picture: tuple[str, int | None] = ("", None)
        self._running_text = ""
        self.outcome = ""
        self.written: dict[Path, bool] = {}
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self.changed)
        freshness.changed.connect(self._compare)
        problems.changed.connect(self._show_problems)

    @property
    def running(self) -> bool:
        """Whether a run goes on or waits."""
        return bool(self._queued)

    @property
    def waiting(self) -> int:
        """How many runs wait for the present one."""
        return max(0, len(self._queued) - 1)

    @property
    def started(self) -> bool:
        """Whether the present run goes on, rather than waits for another."""
        return self._started is not None

    @property
    def _snapshot(self) -> Snapshot:
        """The workflow as the present or last run took it."""
        return self._queued[0] if self._queued else self._last

    @property
    def pictured(self) -> str:
        """The node whose picture is shown; empty when there is none."""
        return self._picture[0]

    @property
    def status(self) -> str:
        """The run in a few words."""
        if self.running:
            text = self._running_text or "Waiting"
            return f"{text} ({self.waiting} queued)" if self.waiting else text
        words = {"finished": "Finished", "failed": "Failed", "cancelled": "Cancelled"}
        return words.get(self.outcome, "Ready")

    @property
    def elapsed(self) -> str:
        """Time of the present or the last run; empty before the first."""
        if self._started is not None:
            return readable_seconds(time.monotonic() - self._started)
        return "" if self._seconds is None else readable_seconds(self._seconds)

    def take(self, message: object) -> None:
        """Show one of core's events or a picture; anything else is ignored."""
        match message:
            case RunQueued():
                self._queued.append(self._freshness.snapshot())
                if len(self._queued) == 1:
                    self._problems.forget()
                self._timer.start()
            case RunStarted():
                self._begin()
            case NodeStarted():
                self._running_text = f"Running {self._title(message.node)}"
                self._show(message.node, phase="running", done=0, total=0)
            case StepTaken():
                self._step(message)
            case NodeNoted():
                self._noted[message.node] = f"{self._noted.get(message.node, '')} {message.text}".strip()
                self._show(message.node, note=self._noted[message.node])
                self.told.emit(f"{self._title(message.node)}: {message.text}", "warning")
            case NodeFinished():
                self._finish_node(message)
            case PictureMade():
                self._show_picture(message.node, to_sheet(message.pixels))
            case NodeFailed():
                self._show(message.node, phase="failed")
                self._problems.add(message, self._snapshot)
            case RunFinished():
                self._end("finished", f"Finished in {readable_seconds(message.seconds)}", "success")
            case RunCancelled():
                self._end("cancelled", "Cancelled", "warning")
            case RunFailed():
                self._end("failed", "Failed", "danger")
                self.failed.emit(message.error)
            case _:
                return
        self.changed.emit()

    def forget(self) -> None:
        """Another workflow is open: its cards show no run, and the picture is not its own."""
        self._problems.forget()
        self._preview.show_picture(None, "")
        self._shown.clear()
        self.outcome, self._seconds, self._picture = "", None, ("", None)
        self.written.clear()
        self.changed.emit()

    def _begin(self) -> None:
        self._started, self._seconds = time.monotonic(), None
        self._pictured.clear()
        self._noted.clear()
        self.written.clear()
        for node in self._canvas.view.cards:
            self._canvas.show_run(node, phase="waiting", seconds=None, done=0, total=0)
        self.told.emit("Run started", PLAIN)

    def _show(self, node: str, **change: Any) -> None:
        """Show a part of this run on a node's card, and whether the node is still as the run took it."""
        self._shown.add(node)
        made_of = self._snapshot.prints.get(node)
        stale = made_of != self._freshness.prints.get(node)
        self._canvas.show_run(node, made_of=made_of, stale=stale, **change)

    def _compare(self) -> None:
        """Mark what belongs to the workflow as it was, and unmark it when an edit is taken back."""
        prints = self._freshness.prints
        cards = self._canvas.view.cards
        for node, card in [(id, cards[id]) for id in self._shown if id in cards]:
            stale = card.state.made_of is not None and card.state.made_of != prints.get(node)
            if stale != card.state.stale:
                self._canvas.show_run(node, stale=stale)
        node, made_of = self._picture
        self._preview.show_stale(made_of is not None and made_of != prints.get(node))

    def _show_problems(self, nodes: object) -> None:
        """Mark on each card (None = all) what is wrong with it; there is room for one message, the first to mend."""
        cards = self._canvas.view.cards
        shown = nodes if isinstance(nodes, frozenset) else cards
        for node, card in [(id, cards[id]) for id in shown if id in cards]:
            found = self._problems.of(node)
            text = f"{found[0].what} {found[0].fix}" if found else ""
            faults = frozenset(error.port for error in found if error.port is not None)
            if (text, faults) != (card.state.error, card.state.faults):
                self._canvas.show_run(node, error=text, faults=faults)

    def _finish_node(self, event: NodeFinished) -> None:
        image = to_image(event.preview)
        card = self._canvas.view.cards.get(event.node)
        steps = card.state.total if card is not None else 0
        picture = {} if event.node in self._pictured else {"preview": image}
        note = self._noted.get(event.node, "")
        self._show(event.node, phase="done", seconds=event.seconds, cached=event.cached, note=note, **picture)
        self.written.update(dict.fromkeys(event.written, not event.cached))
        self.stepped.emit(event, steps, self._snapshot)
        if not event.cached:
            took = readable_seconds(event.seconds)
            self.told.emit(f"{self._title(event.node)}: {event.summary or 'done'}, {took}", PLAIN)
            for path in event.written:
                self.told.emit(f"Saved {path}", "success")

    def _step(self, event: StepTaken) -> None:
        image = to_image(event.preview)
        picture = {} if image is None else {"preview": image}
        self._show(event.node, phase="running", done=event.done, total=event.total, **picture)
        self._running_text = f"{self._title(event.node)}: step {event.done} of {event.total}"
        if image is not None:
            self._show_large(event.node, image, self._running_text)

    def _show_large(self, node: str, image: QImage, caption: str, texts: dict[str, str] | None = None) -> None:
        self._preview.show_picture(image, caption, texts)
        self._picture = (node, self._snapshot.prints.get(node))
        self._compare()

    def _show_picture(self, node: str, image: QImage | None) -> None:
        if image is None:
            return
        workflow = self._snapshot.workflow
        for shown in (node, *(link.target for link in workflow.outgoing(node))):
            self._pictured.add(shown)
            self._show(shown, preview=image)
        caption = f"{self._title(node)}: {image.width()} × {image.height()} pixels"
        self._show_large(node, image, caption, {WORKFLOW_KEY: workflow_file.dumps(workflow)})

    def _end(self, outcome: str, text: str, color: str) -> None:
        if self._queued:
            self._last = self._queued.popleft()
        self._seconds = None if self._started is None else time.monotonic() - self._started
        self._started, self.outcome, self._running_text = None, outcome, ""
        for node, card in self._canvas.view.cards.items():
            if card.state.phase == "running":  # what it shows is half made
                self._canvas.show_run(node, phase="idle", done=0, total=0, preview=None, made_of=None, stale=False)
            elif card.state.phase == "waiting":
                self._canvas.show_run(node, phase="idle")
        if not self._queued:
            self._timer.stop()
        self.told.emit(text, color)

    def _title(self, node: str) -> str:
        card = self._canvas.view.cards.get(node)
        return card.title if card else node
