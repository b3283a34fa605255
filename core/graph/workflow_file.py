"""The workflow file: versioned JSON with migrations, replaced atomically, harmless to what it does not know.

    {"format": "latent-loom-workflow", "version": 1, "title": "...",
     "nodes": [{"id", "type", "title", "position": [x, y], "state", "settings": {...}}],
     "links": [{"from": [id, output], "to": [id, input]}], "frames": [...], "notes": [...]}

The text is canonical: equal workflows give equal files, whatever the order of the edits that made them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from core.errors import InputError, LoomError
from core.graph import codec
from core.graph.atomic_write import write_atomically
from core.graph.json_types import Json, JsonObject
from core.graph.workflow import Workflow

FORMAT = "latent-loom-workflow"
VERSION = 1
MIGRATIONS: dict[int, Callable[[JsonObject], JsonObject]] = {}
"""From version n to n + 1, by n. Each takes and returns the whole document."""

_KNOWN_FIELDS = {"format", "version", "title", "nodes", "links", "frames", "notes"}
T = TypeVar("T")


@dataclass(frozen=True)
class Loaded:
    """A workflow as read, and what could not be read of it (sentences for people)."""

    workflow: Workflow
    warnings: tuple[str, ...] = ()


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
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _damaged(f"byte {error.start} is not text", str(path)) from error
    return loads(text, source=str(path))


def dumps(workflow: Workflow) -> str:
    """Return the file's text, in ASCII so that it also fits the metadata of a picture."""
    return json.dumps(to_json(workflow), indent=1, allow_nan=False) + "\n"


def loads(text: str, *, source: str = "text") -> Loaded:
    """Read the file's text; `source` names it in messages.

    Raises:
        InputError: The text is damaged or of another kind.
    """
    if not text.strip():
        raise _not_a_workflow(f'"{source}" is empty.')
    try:
        document = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}: {error.msg}"
        if text.lstrip()[0] != "{":
            raise _not_a_workflow(f'"{source}" is not JSON ({where}).') from error
        raise _damaged(where, source) from error
    except (ValueError, RecursionError) as error:  # absurd numbers, absurd nesting
        raise _damaged(str(error), source) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise _not_a_workflow(f'"{source}" is not a Latent Loom workflow.')
    return from_json(document)


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
    return {
        "nodes": [codec.node_to_json(workflow.nodes[id]) for id in sorted(workflow.nodes)],
        "links": [codec.link_to_json(link) for _, link in sorted(workflow.links.items())],
        "frames": [codec.frame_to_json(workflow.frames[id]) for id in sorted(workflow.frames)],
        "notes": [codec.note_to_json(workflow.notes[id]) for id in sorted(workflow.notes)],
    }


def from_json(document: JsonObject) -> Loaded:
    """Read a whole document; one of a newer version is read as far as possible, with warnings.

    Raises:
        InputError: A part of a document of this version or an older one is damaged.
    """
    version = document.get("version")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise _damaged(f'"version" is {version!r}', "the file")
    warnings: list[str] = []
    newer = version > VERSION
    if newer:
        warnings.append(
            f"This workflow was saved by a newer Latent Loom (file version {version}, this one reads up to {VERSION}). "
            "It was opened as far as possible; what is new in it is kept when it is saved here."
        )
    for old in range(version, VERSION):
        document = MIGRATIONS[old](document)
    workflow = _build(document, warnings, lenient=newer)
    workflow.newer = version if newer else None
    return Loaded(workflow, tuple(warnings))


def _build(document: JsonObject, warnings: list[str], *, lenient: bool) -> Workflow:
    """Make the workflow; what a `lenient` reading cannot use is named in `warnings`."""
    title = document.get("title")
    workflow = Workflow(title if isinstance(title, str) else "")
    unread = workflow.unread if lenient else None
    for node in _items(document, "nodes", codec.node_from_json, warnings, unread):
        if node.id in workflow.nodes:
            raise _damaged(f'two nodes have the id "{node.id}"', "the file")
        workflow.put_node(node)
    for link in _items(document, "links", codec.link_from_json, warnings, unread):
        absent = [end for end in (link.source, link.target) if end not in workflow.nodes]
        if absent:
            if lenient:
                workflow.unread.setdefault("links", []).append(codec.link_to_json(link))
            warnings.append(f'A link was left out: there is no node "{absent[0]}".')
        elif workflow.put_link(link) is not None:
            warnings.append(f'Input "{link.input}" of node "{link.target}" had several links; the last one was kept.')
    for frame in _items(document, "frames", codec.frame_from_json, warnings, unread):
        workflow.frames[frame.id] = frame
    for note in _items(document, "notes", codec.note_from_json, warnings, unread):
        workflow.notes[note.id] = note
    workflow.extra = {name: value for name, value in document.items() if name not in _KNOWN_FIELDS}
    return workflow


def _items(
    document: JsonObject,
    name: str,
    read: Callable[[object], T],
    warnings: list[str],
    unread: dict[str, list[Json]] | None,
) -> Iterator[T]:
    """Read each item of one of the document's lists; what cannot be read goes to `unread`, or is an error if None."""
    items: Any = document.get(name, [])
    if not isinstance(items, list):
        raise _damaged(f'"{name}" is not a list', "the file")
    for item in items:
        try:
            yield read(item)
        except InputError as error:
            if unread is None:
                raise
            unread.setdefault(name, []).append(item)
            warnings.append(f"{error.what} It was left out.")


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
