"""One open document: what must live while nobody looks at it, and its view, made when somebody first does."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.document import Document
from app.document_file import DocumentFile
from app.document_view import DocumentView
from app.panels.log import PLAIN
from app.panels.tab_bar import Label

MakeView = Callable[[Document], DocumentView]


class Tab(QObject):
    """A document with its file, and its view once it was looked at.

    Attributes:
        document: The workflow.
        file: Its way to the disk, its journal.
        spare: Whether the program opened it by itself: it gives way while nobody has touched it.

    Signals:
        told(str, str): Something worth a line in the log, and its colour.
        changed(): The name, the saved state, the history or the run is another.
    """

    told = Signal(str, str)
    changed = Signal()

    def __init__(self, document: Document, file: DocumentFile, make_view: MakeView, parent: QObject) -> None:
        super().__init__(parent)
        self.document, self.file = document, file
        document.setParent(self)
        self.spare = False
        self._make_view = make_view
        self._view: DocumentView | None = None
        file.failed.connect(lambda error: self.view.show_error(error))
        file.told.connect(lambda text: self.told.emit(text, PLAIN))
        file.asked.connect(lambda question, answers: self.view.ask(question, answers))
        file.autosave.moved.connect(self.changed)
        document.named.connect(self.changed)

    @property
    def view(self) -> DocumentView:
        """How the window shows it; made at the first call."""
        if self._view is None:
            self._view = self._make_view(self.document)
            self._view.told.connect(self.told)
            self._view.run_changed.connect(self.changed)
            self._view.noticed.connect(self.changed)
        return self._view

    @property
    def shown_view(self) -> DocumentView | None:
        """Its view if there is one, which is then not made."""
        return self._view

    @property
    def running(self) -> bool:
        """Whether a run of it goes on or waits."""
        return self._view is not None and self._view.monitor.running

    @property
    def started(self) -> bool:
        """Whether a run of it goes on, rather than waits."""
        return self._view is not None and self._view.monitor.started

    @property
    def untouched(self) -> bool:
        """Whether nobody would miss it: nothing in it was asked for, edited or run."""
        history, workflow = self.document.history, self.document.workflow
        if self.document.path is not None or history.can_undo or history.can_redo or not history.clean:
            return False
        if self._view is not None and (self.running or self._view.monitor.outcome):
            return False
        return self.spare or not (workflow.nodes or workflow.frames or workflow.notes)

    def label(self, title: str) -> Label:
        """What the bar says of it, under a title that no other tab has."""
        path = self.document.path
        tip = f"{path.name}\n{path.parent}" if path is not None else f"{self.document.title}\nNot saved in a file yet"
        return Label(title, not self.document.clean, tip, self._mark())

    def close_down(self) -> list[QWidget]:
        """Stop all that it does, for good, and return its widgets, of which somebody must dispose."""
        self.file.autosave.stop()
        if self._view is None:
            return []
        self._view.running.abandon()
        self._view.canvas.view.clear()
        return [self._view, self._view.properties, self._view.preview]

    def _mark(self) -> str:
        if self._view is None:
            return ""
        if self.running:
            return "running" if self.started else "waiting"
        return "" if self._view.notice.isHidden() else "notice"
