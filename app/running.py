"""Starting runs: all, only what some nodes need, one more behind the present one, or again after each change.

A run that a person starts draws the unlocked seeds before; live mode keeps all seeds, so that a change is seen alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer

from app.document import Document
from app.freshness import Freshness
from app.runtime.monitor import RunMonitor
from app.runtime.run_queue import RunQueue
from app.seeds import MERGE_KEY, drawn_anew

_PAUSE_MS = 350
"""Live mode waits this long for a further change: a slider that is dragged starts one run, not fifty."""


class Running(QObject):
    """Decides when the document is run.

    Attributes:
        live: Whether each change that matters starts a run.
    """

    def __init__(self, document: Document, freshness: Freshness, monitor: RunMonitor, queue: RunQueue) -> None:
        super().__init__(document)
        self._document, self._freshness, self._monitor, self._queue = document, freshness, monitor, queue
        self.live = False
        self._ran: dict[str, int] = {}
        self._drawing = False
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._follow)
        freshness.changed.connect(self._note)
        monitor.changed.connect(self._note)

    def run(self) -> None:
        """Run the workflow as it is now, unless a run goes on."""
        if not self._monitor.running:
            self.queue()

    def run_to(self, nodes: Sequence[str]) -> None:
        """Run what these nodes need, and no more; all where none is given."""
        if not self._monitor.running:
            self.queue(tuple(nodes) or None)

    def queue(self, targets: tuple[str, ...] | None = None) -> None:
        """Run the workflow as it is now, after the runs that go on or wait."""
        if self._queue.ready:
            self._draw(targets)
            self._submit(targets)

    def queue_another_seed(self) -> None:
        """Draw all seeds, locked ones too, and run after the runs that go on or wait."""
        if self._queue.ready:
            self._draw(locked=True)
            self._submit()

    def cancel(self) -> None:
        """Stop the document's run at its next step, and those of its runs that wait."""
        self._queue.cancel(self._monitor.take)

    def abandon(self) -> None:
        """Stop everything: the document is closed."""
        self.live = False
        self._queue.abandon(self._monitor.take)

    def turn_live(self) -> None:
        """Start or stop running after each change."""
        self.live = not self.live
        self._ran = {}
        self._note()

    def _draw(self, targets: tuple[str, ...] | None = None, *, locked: bool = False) -> None:
        edit = drawn_anew(self._document.workflow, self._freshness.catalogue, targets, locked=locked)
        if edit is not None:
            self._drawing = True
            try:
                self._document.do(edit, MERGE_KEY)
            finally:  # or live mode would follow no change any more
                self._drawing = False

    def _submit(self, targets: tuple[str, ...] | None = None) -> None:
        self._ran = self._freshness.prints
        self._queue.submit(self._monitor.take, self._document.workflow, targets)

    def _note(self) -> None:
        if self._drawing:  # what is drawn is run at once
            return
        if self.live and self._queue.ready and self._freshness.prints != self._ran:
            if self._monitor.running:
                self.cancel()  # its result would be out of date
            elif not self._pause.isActive():
                self._pause.start()

    def _follow(self) -> None:
        if self.live and self._queue.ready and not self._monitor.running and self._freshness.prints != self._ran:
            self._submit()
