"""Documents whose tabs were closed, so that the last one can be opened again: its file, or what was in no file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.document import Document
from app.tab import Tab
from core.errors import InputError
from core.graph import workflow_file
from core.graph.workflow import Workflow

_LIMIT = 10


@dataclass(frozen=True)
class Closed:
    """A document that was closed.

    Attributes:
        title: Its name for people.
        place: Where its tab was, counted from the left.
        file: Its file, or None.
        text: The workflow as a file's text where it differs from the file, else None.
        clean: Whether nothing was lost by closing it.
    """

    title: str
    place: int
    file: Path | None
    text: str | None
    clean: bool

    def reopen(self, document: Document) -> tuple[str, ...]:
        """Let `document` be as it was, and return warnings for people.

        Raises:
            InputError: The file is gone or damaged.
        """
        if self.text is None:
            assert self.file is not None
            return document.open(self.file)
        loaded = workflow_file.loads(self.text, source=self.title)
        document.restore(loaded.workflow, self.file)
        if self.clean:
            document.history.mark_clean()
        return loaded.warnings


class ClosedTabs:
    """The documents closed last; nothing of a document itself is kept alive."""

    def __init__(self) -> None:
        self._closed: list[Closed] = []

    def __bool__(self) -> bool:
        return bool(self._closed)

    def note(self, tab: object, place: int) -> None:
        """Remember a document whose tab (a Tab) at `place` is closed, if somebody could miss it."""
        assert isinstance(tab, Tab)
        document = tab.document
        if tab.untouched or (document.path is None and not _holds_anything(document.workflow)):
            return
        kept = document.path is not None and document.clean
        text = None if kept else workflow_file.dumps(document.workflow)
        self._closed = [*self._closed, Closed(document.title, place, document.path, text, document.clean)][-_LIMIT:]

    def take(self) -> Closed:
        """Return the one closed last, and forget it.

        Raises:
            InputError: No document was closed, or each is open again.
        """
        if not self._closed:
            raise InputError(
                "There is no closed workflow to open again.",
                why="None was closed since Latent Loom was started, or each is open again.",
                fix="Look under File, Open recent.",
            )
        return self._closed.pop()


def _holds_anything(workflow: Workflow) -> bool:
    return bool(workflow.nodes or workflow.frames or workflow.notes)
