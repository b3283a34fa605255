"""The workflow file: versioned JSON with migrations, replaced atomically, harmless to what it does not know.

    {"format": "latent-loom-workflow", "version": 1, "title": "...",
     "nodes": [{"id", "type", "title", "position": [x, y], "state", "settings": {...}, "drawn": [...]}],
     "links": [{"from": [id, output], "to": [id, input]}], "frames": [...], "notes": [...]}

The text is canonical: equal workflows give equal files, whatever the order of the edits that made them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeVar

from core.errors import InputError, LoomError
from core.graph import codec
from core.graph.atomic_write import write_atomically
from core.graph.json_types import Json, JsonObject
from core.graph.lenient import Reading, restored
from core.graph.salvage import salvage
from core.graph.workflow import Frame, Node, Note, Workflow

FORMAT = "latent-loom-workflow"
VERSION = 1
MIGRATIONS: dict[int, Callable[[JsonObject], JsonObject]] = {}
"""From version n to n + 1, by n. Each takes and returns the whole document."""

_LISTS = ("nodes", "links", "frames", "notes")
_KNOWN_FIELDS = {"format", "version", "title", *_LISTS}
_BLANK_NODE = codec.node_to_json(Node(id="", type=""))
_BLANK_FRAME = codec.frame_to_json(Frame(id=""))
_BLANK_NOTE = codec.note_to_json(Note(id=""))
A = TypeVar("A", Node, Frame, Note)


@dataclass(frozen=True)
class Loaded:
    """A workflow as read.

    Attributes:
        workflow: What could be read; it keeps what could not, and gives it back when it is saved.
        warnings: What could not be read, in sentences for people.
        whole: Whether saving it in the place of the file it came from loses nothing.
    """

    workflow: Workflow
    warnings: tuple[str, ...] = ()
    whole: bool = True


def save(workflow: Workflow, path: Path) -> None:
    """Write `workflow` to `path`; if anything fails, an earlier file there is unharmed.

    Raises:
        LoomError: The disk or the folder refuses; `why` has the system's words.
    """
    try:
        write_atomically(path, dumps(workflow).encode("ascii"))
    except OSError as error:
        raise LoomError(
            f'The workflow could not be saved to "{path}".',
            why=f"The system says: {error.strerror or error}. An earlier file there was left as it was.",
            fix="Choose another folder, or free some space, and save again.",
        ) from error


def load(path: Path) -> Loaded:
    """Read a workflow file.

    Raises:
        InputError: There is no such file, or it is damaged or of another kind.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f'The workflow "{path}" cannot be opened.',
            why=f"The system says: {error.strerror or error}.",
            fix="Check the path and the permissions of the file.",
        ) from error
    try:
        return loads(data.decode("utf-8-sig"), source=str(path))
    except UnicodeDecodeError as error:
        lost = f"Byte {error.start} of the file is not text; a sign stands in its place."
        return loads(data.decode("utf-8", "replace"), source=str(path), losses=[lost])


def dumps(workflow: Workflow) -> str:
    """Return the file's text, in ASCII so that it also fits the metadata of a picture."""
    return json.dumps(to_json(workflow), indent=1, allow_nan=False) + "\n"


def loads(text: str, *, source: str = "text", losses: Iterable[str] = ()) -> Loaded:
    """Read the file's text, as far as it can be read; `source` names it in messages, `losses` what is lost already.

    Raises:
        InputError: The text is of another kind, or so damaged that not even a node is left.
    """
    if not text.strip():
        raise _not_a_workflow(f'"{source}" is empty.')
    losses = list(losses)
    try:
        document = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:  # absurd numbers and nesting too
        document = _salvaged(text, error, source, losses)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise _not_a_workflow(f'"{source}" is not a Latent Loom workflow.')
    return from_json(document, whole=not losses, losses=losses)


def _salvaged(text: str, error: Exception, source: str, losses: list[str]) -> JsonObject:
    """Return what is left of a damaged document, and add what is lost to `losses`."""
    where = str(error)
    if isinstance(error, json.JSONDecodeError):
        where = f"line {error.lineno}, column {error.colno}: {error.msg}"
    if text.lstrip()[0] != "{":
        raise _not_a_workflow(f'"{source}" is not JSON ({where}).') from error
    found = salvage(text)
    if not any(found.document.get(name) for name in _LISTS):
        raise _damaged(where, source) from error
    losses += [f"The file is damaged ({where}).", *found.losses]
    return found.document


def to_json(workflow: Workflow) -> JsonObject:
    """Return the whole document as JSON values."""
    return {
        "format": FORMAT,
        "version": workflow.newer or VERSION,
        "title": workflow.title,
        **{name: items + workflow.unread.get(name, []) for name, items in _lists(workflow).items()},
        **workflow.extra,
    }


def _lists(workflow: Workflow) -> dict[str, list[Json]]:
    """Return the document's lists."""
    nodes, frames, notes = workflow.nodes, workflow.frames, workflow.notes
    return {
        "nodes": [restored(codec.node_to_json(nodes[id]), nodes[id].extra, _BLANK_NODE) for id in sorted(nodes)],
        "links": [codec.link_to_json(link) for _, link in sorted(workflow.links.items())],
        "frames": [restored(codec.frame_to_json(frames[id]), frames[id].extra, _BLANK_FRAME) for id in sorted(frames)],
        "notes": [restored(codec.note_to_json(notes[id]), notes[id].extra, _BLANK_NOTE) for id in sorted(notes)],
    }


def from_json(document: JsonObject, *, whole: bool = True, losses: Iterable[str] = ()) -> Loaded:
    """Read a whole document as far as possible; what cannot be read is kept for the file and named in warnings.

    Args:
        document: The file's JSON object.
        whole: Whether it is all that the file holds.
        losses: Sentences for what was lost before.
    """
    reading = Reading()
    reading.warnings += losses
    version = document.get("version")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        reading.warnings.append(f'"version" is {version!r:.60}; the file was read as one of version {VERSION}.')
        version, whole = VERSION, False
    newer = version > VERSION
    if newer:
        reading.warnings.append(
            f"This workflow was saved by a newer Latent Loom (file version {version}, this one reads up to {VERSION}). "
            "It was opened as far as possible; what is new in it is kept when it is saved here."
        )
    for old in range(version, VERSION):
        document = MIGRATIONS[old](document)
    workflow = _build(document, reading)
    workflow.newer = version if newer else None
    for name in _LISTS:
        if not isinstance(document.get(name, []), list):
            reading.warnings.append(f'"{name}" is not a list, so nothing of it could be read.')
            whole = False
    return Loaded(workflow, tuple(reading.warnings), whole)


def _build(document: JsonObject, reading: Reading) -> Workflow:
    """Make the workflow of what can be read."""
    title = document.get("title")
    workflow = Workflow(title if isinstance(title, str) else "")
    taken: set[str] = set()

    def put(name: str, read: Callable[[object], A], place: Callable[[A], None]) -> None:
        for item, made in reading.items(document, name, read):
            if made.id in taken:
                reading.set_aside(name, item, "Something else has the same id, so it was left out.")
            else:
                taken.add(made.id)
                place(made)

    put("nodes", codec.node_from_json, workflow.put_node)
    put("frames", codec.frame_from_json, lambda frame: workflow.frames.update({frame.id: frame}))
    put("notes", codec.note_from_json, lambda note: workflow.notes.update({note.id: note}))
    for item, link in reading.items(document, "links", codec.link_from_json):
        absent = [end for end in (link.source, link.target) if end not in workflow.nodes]
        if absent:
            reading.set_aside("links", item, f'There is no node "{absent[0]}", so it was left out.')
        elif (link.target, link.input) in workflow.links:
            several = f'Input "{link.input}" of node "{link.target}" has several links; the first one was kept.'
            reading.set_aside("links", item, several)
        else:
            workflow.put_link(link)
    workflow.unread = reading.unread
    workflow.extra = {name: value for name, value in document.items() if name not in _KNOWN_FIELDS}
    if "title" in document and not isinstance(title, str):
        workflow.extra["title"] = title
    return workflow


def _finite(text: str) -> float:
    """Read a number, and refuse one like 1e999, which could not be saved again."""
    number = float(text)
    return number if math.isfinite(number) else _refuse_constant(text)


def _refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which are no JSON."""
    raise ValueError(f"{name} is not a number that a file can hold")


def _not_a_workflow(what: str) -> InputError:
    """Make the error for a file of another kind, or of none."""
    return InputError(
        what,
        why=f'A workflow file holds a JSON object whose "format" is "{FORMAT}".',
        fix="Choose a workflow file, or a picture that Latent Loom saved.",
    )


def _damaged(where: str, source: str) -> InputError:
    """Make the error for a file that cannot be read."""
    return InputError(
        f"The workflow is damaged: {where}.",
        why=f"It could not be read as a whole ({source}); it may have been cut off or changed by another program.",
        fix="Open an earlier copy, or a picture that was saved with this workflow inside.",
    )
