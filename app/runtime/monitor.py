"""What the window makes of a run: events in, changes of cards, picture, banner and log out."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage

from app.document import Document
from app.editor.canvas import Canvas
from app.editor.card_state import readable_seconds
from app.panels.log import LogPanel
from app.panels.preview import PreviewPanel
from app.runtime.messages import PictureMade
from app.runtime.pictures import to_image, to_sheet
from core.events import (
    NodeFailed,
    NodeFinished,
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

    Signals:
        changed(): `running` or the status text changed.
        failed(LoomError): A run could not be finished.
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(self, document: Document, canvas: Canvas, preview: PreviewPanel, log: LogPanel) -> None:
        super().__init__()
        self._document, self._canvas, self._preview, self._log = document, canvas, preview, log
        self._waiting = 0
        self._started: float | None = None
        self._seconds: float | None = None
        self._failed: set[str] = set()
        self._picture_of = ""
        self._running_text = ""
        self.outcome = ""
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self.changed)

    @property
    def running(self) -> bool:
        """Whether a run goes on or waits."""
        return self._waiting > 0

    @property
    def status(self) -> str:
        """The run in a few words."""
        if self.running:
            return self._running_text or "Waiting"
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
                self._waiting += 1
                self._timer.start()
            case RunStarted():
                self._begin()
            case NodeStarted():
                self._running_text = f"Running {self._title(message.node)}"
                self._canvas.show_run(message.node, phase="running", done=0, total=0)
            case StepTaken():
                self._step(message)
            case NodeFinished():
                self._canvas.show_run(
                    message.node, phase="done", seconds=message.seconds, cached=message.cached, error=""
                )
                if not message.cached:
                    took = readable_seconds(message.seconds)
                    self._log.say(f"{self._title(message.node)}: {message.summary or 'done'}, {took}")
            case PictureMade():
                self._show_picture(message.node, to_sheet(message.pixels))
            case NodeFailed():
                self._fail_node(message)
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
        """Another workflow is open: its cards show no run."""
        self._failed.clear()
        self.outcome, self._seconds = "", None
        self.changed.emit()

    def _begin(self) -> None:
        self._started, self._seconds = time.monotonic(), None
        self._failed.clear()
        self._picture_of = ""
        for node in self._canvas.view.cards:
            self._canvas.show_run(node, phase="waiting", error="", error_port=None, seconds=None, done=0, total=0)
        self._log.say("Run started")

    def _step(self, event: StepTaken) -> None:
        image = to_image(event.preview)
        self._canvas.show_run(event.node, phase="running", done=event.done, total=event.total, preview=image, error="")
        self._running_text = f"{self._title(event.node)}: step {event.done} of {event.total}"
        if image is not None:
            self._preview.show_picture(image, self._running_text)

    def _show_picture(self, node: str, image: QImage | None) -> None:
        if image is None:
            return
        self._canvas.show_run(node, preview=image)
        for link in self._document.workflow.outgoing(node):
            self._canvas.show_run(link.target, preview=image)
        self._picture_of = node
        caption = f"{self._title(node)}: {image.width()} × {image.height()} pixels"
        self._preview.show_picture(image, caption, {WORKFLOW_KEY: workflow_file.dumps(self._document.workflow)})

    def _fail_node(self, event: NodeFailed) -> None:
        if event.node in self._failed:
            return  # a card has room for one message; the first is the one to mend first
        self._failed.add(event.node)
        text = f"{event.error.what} {event.error.fix}"
        self._canvas.show_run(event.node, phase="failed", error=text, error_port=event.port)

    def _end(self, outcome: str, text: str, color: str) -> None:
        self._waiting = max(0, self._waiting - 1)
        self._seconds = None if self._started is None else time.monotonic() - self._started
        self._started, self.outcome, self._running_text = None, outcome, ""
        for node, card in self._canvas.view.cards.items():
            if card.state.phase in ("waiting", "running"):
                self._canvas.show_run(node, phase="idle", done=0, total=0)
        if not self._waiting:
            self._timer.stop()
        self._log.say(text, color)

    def _title(self, node: str) -> str:
        card = self._canvas.view.cards.get(node)
        return card.title if card else node
