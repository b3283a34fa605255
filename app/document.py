"""The open workflow with its history and its file: what the window edits."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.theme import RESOURCES
from core.errors import InputError
from core.graph import workflow_file
from core.graph.edits import AddNode, Connect, Disconnect, Group, RemoveFrame, RemoveNode, RemoveNote
from core.graph.history import History
from core.graph.workflow import Edit, Link, Node, Point, Workflow
from core.imaging.picture_workflow import is_picture, read_workflow

TEMPLATES = RESOURCES / "workflows"
"""The workflows that ship with the program; opened as new ones, so that saving never changes them."""
DEFAULT_WORKFLOW = TEMPLATES / "text_to_image.json"


class Document(QObject):
    """One open workflow.

    Attributes:
        history: Undo and redo, and through it the workflow.
        path: Its file, or None while it has none.
        unread: What could not be read of the file, in sentences for people.

    Signals:
        edited(Edit): This edit was applied, also as the inverse or the repetition of another.
        replaced(): Another workflow is open now.
        named(): The path or the saved state changed.
        saved(): The workflow was written to its file.
    """

    edited = Signal(object)
    replaced = Signal()
    named = Signal()
    saved = Signal()

    def __init__(self, parent: QObject | None = None, *, undo_bytes: int | None = None) -> None:
        """`undo_bytes` is the memory that undo may take; None = no limit."""
        super().__init__(parent)
        self._undo_bytes = undo_bytes
        self.path: Path | None = None
        self.unread: tuple[str, ...] = ()
        self.history = History(Workflow(), undo_bytes)
        self._stop: Callable[[], None] = self.history.subscribe(self._tell)

    @property
    def workflow(self) -> Workflow:
        """The truth about the graph; changed only through `do`."""
        return self.history.workflow

    @property
    def title(self) -> str:
        """Name for the window's title."""
        return self.path.stem if self.path else self.workflow.title or "Untitled"

    @property
    def clean(self) -> bool:
        """Whether nothing would be lost by closing it."""
        return self.history.clean

    def open(self, path: Path) -> tuple[str, ...]:
        """Open a workflow file and return warnings for people; on an error the present workflow stays.

        A picture opens the workflow that it carries, and a shipped workflow opens, as a new one without a file:
        saving must not replace either; nor a file with parts that can neither be read nor be saved back.

        Raises:
            InputError: The file is missing, damaged or no workflow.
        """
        loaded = read(path)
        keeps = loaded.whole and not (is_picture(path) or is_template(path))
        self._replace(loaded.workflow, path if keeps else None, unread=loaded.warnings)
        return loaded.warnings

    def open_default(self) -> None:
        """Open the text-to-image workflow as a new, unnamed one."""
        self._replace(workflow_file.load(DEFAULT_WORKFLOW).workflow, None)

    def new(self) -> None:
        """Open an empty workflow."""
        self._replace(Workflow(), None)

    def restore(self, workflow: Workflow, path: Path | None) -> None:
        """Open what a crash left of the file at `path`: there is something to save, though nothing to undo."""
        self._replace(workflow, path, dirty=True)

    def save(self, path: Path) -> None:
        """Write the workflow to `path`, which is its file from then on.

        Raises:
            LoomError: The disk refuses; an earlier file there is unharmed.
        """
        workflow_file.save(self.workflow, path)
        self.path = path
        self.history.mark_clean()
        self.saved.emit()
        self.named.emit()

    def do(self, edit: Edit, merge_key: Hashable | None = None) -> None:
        """Apply an edit; those with the same key that overwrite each other are undone together.

        Raises:
            InputError: The edit does not fit; nothing was changed.
        """
        self.history.do(edit, merge_key)

    def undo(self) -> None:
        """Take the last edit back, if there is one."""
        self.history.undo()

    def redo(self) -> None:
        """Apply again what was taken back last."""
        self.history.redo()

    def _replace(
        self, workflow: Workflow, path: Path | None, *, dirty: bool = False, unread: tuple[str, ...] = ()
    ) -> None:
        self._stop()
        self.unread = unread
        self.history = History(workflow, self._undo_bytes)
        if dirty:
            self.history.mark_dirty()
        self._stop = self.history.subscribe(self._tell)
        self.path = path
        self.replaced.emit()
        self.named.emit()

    def _tell(self, edit: Edit) -> None:
        self.edited.emit(edit)
        self.named.emit()


def read(path: Path) -> workflow_file.Loaded:
    """Read a workflow file, or the workflow that a picture carries, its seeds locked: running it makes that picture.

    Raises:
        InputError: The file is missing, damaged or no workflow.
    """
    if not is_picture(path):
        return workflow_file.load(path)
    loaded = workflow_file.loads(read_workflow(path), source=str(path))
    for node in list(loaded.workflow.nodes.values()):
        loaded.workflow.put_node(replace(node, drawn=()))
    return loaded


def is_template(path: Path) -> bool:
    """Whether a file is one of those that ship with the program."""
    return path.resolve().is_relative_to(TEMPLATES.resolve())


def add_node(
    document: Document, kind: str, position: Point, link: Callable[[str], Link | None] = lambda id: None
) -> str:
    """Add a node of this kind, with the link that `link` makes of its id, if it does, as one step; returns the id."""
    node = Node(type=kind, position=position)
    made = link(node.id)
    document.do(AddNode(node) if made is None else Group((AddNode(node), Connect(made))))
    return node.id


def remove(document: Document, ids: Iterable[str], links: Iterable[tuple[str, str]] = ()) -> None:
    """Remove nodes with their links, frames, notes, and further links by (target, input), as one step."""
    ids = list(dict.fromkeys(ids))
    doomed = [node for node in ids if node in document.workflow.nodes]
    edits: list[Edit] = [
        Disconnect(*place)
        for place in dict.fromkeys(links)
        if (link := document.workflow.links.get(place)) and not {link.source, link.target} & set(doomed)
    ]
    edits += [RemoveNode(node) for node in doomed]
    edits += [RemoveFrame(id) for id in ids if id in document.workflow.frames]
    edits += [RemoveNote(id) for id in ids if id in document.workflow.notes]
    if edits:
        document.do(Group(tuple(edits)))


def rewire(document: Document, dropped: Iterable[tuple[str, str]], made: Iterable[Link]) -> None:
    """Remove the links into the `dropped` (target, input) and make others, as one step.

    Raises:
        InputError: A new link would make the graph circular; nothing was changed.
    """
    new = list(made)
    for link in new:
        if document.workflow.would_close_cycle(link.source, link.target):
            raise InputError(
                "This link would close a circle.",
                why="A node would then wait for its own result.",
                fix="Link it to a node that comes later.",
                node=link.target,
                port=link.input,
            )
    replaced = {(link.target, link.input) for link in new}
    edits: list[Edit] = [
        Disconnect(*place) for place in dropped if place in document.workflow.links and place not in replaced
    ]
    edits += [Connect(link) for link in new if document.workflow.links.get((link.target, link.input)) != link]
    if edits:
        document.do(Group(tuple(edits)))
