"""What a node's function may ask of the run that calls it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.cancellation import CancelToken


def _ignore_step(done: int, total: int, preview: object | None) -> None:
    """Tell nobody."""


def _ignore_note(text: str) -> None:
    """Tell nobody."""


def _no_workflow() -> str:
    """Return nothing: the function is called outside a run."""
    return ""


class RunContext:
    """Handed to a node whose function has a keyword-only parameter annotated `RunContext`.

    It never enters the cache key: nothing in it may change a node's results.

    Attributes:
        cancel: Checked by long work at every step, tile, chunk and item.
        node: Id of the node that runs.
        output_folder: Where nodes that write files put those with a relative path.
        written: The files that the node reported through `wrote`.
        notes: What the node said through `note`.
        preview: The newest picture that came with a step, or None.
    """

    def __init__(
        self,
        *,
        cancel: CancelToken | None = None,
        node: str = "",
        output_folder: Path = Path("output"),
        on_step: Callable[[int, int, object | None], None] = _ignore_step,
        on_note: Callable[[str], None] = _ignore_note,
        workflow_text: Callable[[], str] = _no_workflow,
    ) -> None:
        self.cancel = cancel or CancelToken()
        self.node = node
        self.output_folder = output_folder
        self.written: list[Path] = []
        self.notes: list[str] = []
        self.preview: object | None = None
        self._on_step = on_step
        self._on_note = on_note
        self._workflow_text = workflow_text

    def step(self, done: int, total: int, preview: object | None = None) -> None:
        """Report that step `done` of `total` (1 to `total`) is finished, then raise `Cancelled` if asked to stop."""
        self.preview = self.preview if preview is None else preview
        self._on_step(done, total, preview)
        self.cancel.check()

    def wrote(self, path: Path) -> None:
        """Report a file that the node wrote; when it is gone later, the node runs again despite the cache."""
        self.written.append(path.absolute())

    def note(self, text: str) -> None:
        """Tell people something about these results that is no error: one sentence, kept with them in the cache."""
        self.notes.append(text)
        self._on_note(text)

    def workflow_text(self) -> str:
        """Return the running workflow as JSON text, for the metadata of saved pictures."""
        return self._workflow_text()
