"""Reading edits back from their JSON form, field by field: the input may come from a torn or foreign file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast, get_args

from core.errors import InputError
from core.graph import codec
from core.graph.edits import (
    AddNode,
    Connect,
    Disconnect,
    Group,
    MoveNodes,
    PutFrame,
    PutNote,
    RemoveFrame,
    RemoveNode,
    RemoveNote,
    Rename,
    ResetSetting,
    ResizeNode,
    SetDrawn,
    SetSetting,
    SetState,
    SetTitle,
)
from core.graph.json_types import JsonObject
from core.graph.paint_edit import read_paint
from core.graph.workflow import Edit, NodeState


def edit_from_json(value: object) -> Edit:
    """Read an edit back from its JSON form.

    Raises:
        InputError: `value` is no edit, or a field is missing or of the wrong type.
    """
    fields: dict[str, Any] = value if isinstance(value, dict) else {}
    read = _READERS.get(str(fields.get("edit")))
    try:
        if read is not None:
            return read(fields)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _unreadable(fields) from error
    raise _unreadable(value)


def _read_text(fields: JsonObject, name: str) -> str:
    """Return a text field."""
    text = fields[name]
    if not isinstance(text, str):
        raise TypeError(name)
    return text


def _read_state(fields: JsonObject) -> NodeState:
    """Return a state."""
    if fields["state"] not in get_args(NodeState):
        raise TypeError("state")
    return cast(NodeState, fields["state"])


def _read_moves(fields: JsonObject) -> MoveNodes:
    """Return a `MoveNodes`."""
    return MoveNodes({id: codec.point_from_json(place, "positions") for id, place in fields["positions"].items()})


def _read_resize(fields: JsonObject) -> ResizeNode:
    """Return a `ResizeNode`."""
    size = None if fields["size"] is None else codec.point_from_json(fields["size"], "size")
    return ResizeNode(_read_text(fields, "node"), size)


def _read_drawn(fields: JsonObject) -> SetDrawn:
    """Return a `SetDrawn`."""
    if not isinstance(fields["drawn"], bool):
        raise TypeError("drawn")
    return SetDrawn(_read_text(fields, "node"), _read_text(fields, "name"), fields["drawn"])


def _read_rename(fields: JsonObject) -> Rename:
    """Return a `Rename`."""
    return Rename(_read_text(fields, "node"), None if fields["title"] is None else _read_text(fields, "title"))


_READERS: dict[str, Callable[[JsonObject], Edit]] = {
    "AddNode": lambda fields: AddNode(codec.node_from_json(fields["node"])),
    "RemoveNode": lambda fields: RemoveNode(_read_text(fields, "node")),
    "SetSetting": lambda fields: SetSetting(_read_text(fields, "node"), _read_text(fields, "name"), fields["value"]),
    "ResetSetting": lambda fields: ResetSetting(_read_text(fields, "node"), _read_text(fields, "name")),
    "PaintTiles": read_paint,
    "MoveNodes": _read_moves,
    "ResizeNode": _read_resize,
    "SetState": lambda fields: SetState(_read_text(fields, "node"), _read_state(fields)),
    "SetDrawn": _read_drawn,
    "Rename": _read_rename,
    "SetTitle": lambda fields: SetTitle(_read_text(fields, "title")),
    "Connect": lambda fields: Connect(codec.link_from_json(fields["link"])),
    "Disconnect": lambda fields: Disconnect(_read_text(fields, "target"), _read_text(fields, "input")),
    "PutFrame": lambda fields: PutFrame(codec.frame_from_json(fields["frame"])),
    "RemoveFrame": lambda fields: RemoveFrame(_read_text(fields, "frame")),
    "PutNote": lambda fields: PutNote(codec.note_from_json(fields["note"])),
    "RemoveNote": lambda fields: RemoveNote(_read_text(fields, "note")),
    "Group": lambda fields: Group(tuple(edit_from_json(edit) for edit in fields["edits"])),
}


def _unreadable(value: object) -> InputError:
    """Make the error for JSON that is no edit."""
    return InputError(
        f"A change cannot be read: {repr(value)[:80]}.",
        why="It is of a kind that this version does not know, or a part of it is missing.",
        fix="Update Latent Loom, or leave this change out.",
    )
