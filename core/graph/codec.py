"""JSON forms of nodes, links, frames and notes, checked field by field when they are read back.

Each `..._from_json` raises `InputError` naming the field at fault; none of them trusts its input.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast, get_args

from core.errors import InputError
from core.graph.json_types import Json, JsonObject
from core.graph.workflow import Frame, Link, Node, NodeState, Note, Point

_NODE_FIELDS = {"id", "type", "title", "position", "size", "state", "drawn", "settings"}
_LINK_FIELDS = {"from", "to"}
_FRAME_FIELDS = {"id", "title", "position", "size", "color"}
_NOTE_FIELDS = {"id", "text", "position", "size"}


def node_to_json(node: Node) -> JsonObject:
    """Return the JSON form of a node."""
    size: JsonObject = {} if node.size is None else {"size": list(node.size)}
    drawn: JsonObject = {"drawn": list(node.drawn)} if node.drawn else {}
    return {
        **node.extra,
        "id": node.id,
        "type": node.type,
        "title": node.title,
        "position": list(node.position),
        **size,
        "state": node.state,
        **drawn,
        "settings": dict(node.settings),
    }


def node_from_json(value: object) -> Node:
    """Read a node; fields of later versions are kept in `extra`."""
    fields = _fields(value, "A node")
    state = fields.get("state", "on")
    if state not in get_args(NodeState):
        raise _wrong("A node", "state", state, '"on", "muted" or "bypassed"')
    return Node(
        id=_text(fields, "id", "A node", needed=True),
        type=_text(fields, "type", "A node", needed=True),
        title=None if fields.get("title") is None else _text(fields, "title", "A node"),
        settings=_fields(fields.get("settings", {}), "A node", "settings"),
        position=point_from_json(fields.get("position", [0, 0]), "position"),
        size=None if fields.get("size") is None else point_from_json(fields["size"], "size"),
        state=cast(NodeState, state),
        drawn=_names(fields, "drawn", "A node"),
        extra=_others(fields, _NODE_FIELDS),
    )


def link_to_json(link: Link) -> JsonObject:
    """Return the JSON form of a link."""
    return {**link.extra, "from": [link.source, link.output], "to": [link.target, link.input]}


def link_from_json(value: object) -> Link:
    """Read a link."""
    fields = _fields(value, "A link")
    ends: list[str] = []
    for name in ("from", "to"):
        end = fields.get(name)
        if not (isinstance(end, list) and len(end) == 2 and all(isinstance(part, str) for part in end)):
            raise _wrong("A link", name, end, "a list of a node's id and a port's name")
        ends += end
    source, output, target, entry = ends
    return Link(source, output, target, entry, _others(fields, _LINK_FIELDS))


def frame_to_json(frame: Frame) -> JsonObject:
    """Return the JSON form of a frame."""
    return {
        **frame.extra,
        "id": frame.id,
        "title": frame.title,
        "position": list(frame.position),
        "size": list(frame.size),
        "color": frame.color,
    }


def frame_from_json(value: object) -> Frame:
    """Read a frame."""
    fields = _fields(value, "A frame")
    return Frame(
        id=_text(fields, "id", "A frame", needed=True),
        title=_text(fields, "title", "A frame"),
        position=point_from_json(fields.get("position", Frame.position), "position"),
        size=point_from_json(fields.get("size", Frame.size), "size"),
        color=_text(fields, "color", "A frame"),
        extra=_others(fields, _FRAME_FIELDS),
    )


def note_to_json(note: Note) -> JsonObject:
    """Return the JSON form of a note."""
    return {
        **note.extra,
        "id": note.id,
        "text": note.text,
        "position": list(note.position),
        "size": list(note.size),
    }


def note_from_json(value: object) -> Note:
    """Read a note."""
    fields = _fields(value, "A note")
    return Note(
        id=_text(fields, "id", "A note", needed=True),
        text=_text(fields, "text", "A note"),
        position=point_from_json(fields.get("position", Note.position), "position"),
        size=point_from_json(fields.get("size", Note.size), "size"),
        extra=_others(fields, _NOTE_FIELDS),
    )


def point_from_json(value: object, field: str) -> Point:
    """Read a pair of finite numbers."""
    if isinstance(value, (list, tuple)) and len(value) == 2:
        x, y = value
        if all(isinstance(part, (int, float)) and not isinstance(part, bool) for part in value):
            try:
                point = (float(x), float(y))
            except OverflowError:  # a whole number with hundreds of digits
                point = (math.inf, math.inf)
            if math.isfinite(point[0]) and math.isfinite(point[1]):
                return point
    raise _wrong("An item", field, value, "a list of two numbers")


def _fields(value: object, owner: str, field: str = "content") -> dict[str, Any]:
    """Return `value` if it is a JSON object."""
    if not isinstance(value, dict):
        raise _wrong(owner, field, value, "an object with named fields")
    return value


def _others(fields: Mapping[str, Json], known: set[str]) -> dict[str, Json]:
    """Return the fields that this version does not know."""
    return {name: value for name, value in fields.items() if name not in known}


def _text(fields: dict[str, Json], name: str, owner: str, *, needed: bool = False) -> str:
    """Read a text field."""
    value = fields.get(name, "")
    if not isinstance(value, str) or (needed and not value):
        raise _wrong(owner, name, value, "a text that is not empty" if needed else "a text")
    return value


def _names(fields: dict[str, Any], name: str, owner: str) -> tuple[str, ...]:
    """Read a list of names, sorted and each once."""
    value = fields.get(name, [])
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise _wrong(owner, name, value, "a list of names")
    return tuple(sorted(set(value)))


def _wrong(owner: str, field: str, value: object, wanted: str) -> InputError:
    """Make the error for one field."""
    text = repr(value)
    return InputError(
        f'{owner} in the workflow is damaged: "{field}" is {text if len(text) < 60 else text[:56] + "..."}.',
        why=f'"{field}" must be {wanted}.',
        fix="Correct the file in a text editor, or open an earlier copy of it.",
    )
