"""Edits: every change of a workflow as a small frozen record with an inverse and a JSON form.

Undo and redo, the autosave journal and scripting all rest on these; `edit_json` reads them back. `apply`
either makes the whole change and returns its inverse, or raises `InputError` and changes nothing.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace

from core.errors import InputError
from core.graph import codec
from core.graph.json_types import Json, JsonObject
from core.graph.workflow import Edit, Frame, Link, Node, NodeState, Note, Point, Workflow


@dataclass(frozen=True)
class AddNode:
    """Add a node, without links."""

    node: Node

    def apply(self, workflow: Workflow) -> Edit:
        """Add it; the inverse removes it."""
        _refuse_taken(self.node.id, workflow.nodes, "node")
        workflow.put_node(self.node)
        return RemoveNode(self.node.id)

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {"edit": "AddNode", "node": codec.node_to_json(self.node)}


@dataclass(frozen=True)
class RemoveNode:
    """Remove a node and every link on it."""

    node: str

    def apply(self, workflow: Workflow) -> Edit:
        """Remove it; the inverse restores the node with its links."""
        node = _node(workflow, self.node)
        links = dict.fromkeys(workflow.incoming(node.id) + workflow.outgoing(node.id))
        for link in links:
            workflow.drop_link(link.target, link.input)
        workflow.drop_node(node.id)
        return Group((AddNode(node), *(Connect(link) for link in links)))

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {"edit": "RemoveNode", "node": self.node}


@dataclass(frozen=True)
class SetSetting:
    """Give a node's setting a value (checked against the node's kind by `validation.checked`, not here)."""

    node: str
    name: str
    value: Json

    def apply(self, workflow: Workflow) -> Edit:
        """Set it; the inverse gives back the earlier value, or none."""
        node = _node(workflow, self.node)
        workflow.put_node(replace(node, settings={**node.settings, self.name: self.value}))
        if self.name in node.settings:
            return SetSetting(self.node, self.name, node.settings[self.name])
        return ResetSetting(self.node, self.name)

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {"edit": "SetSetting", "node": self.node, "name": self.name, "value": self.value}


@dataclass(frozen=True)
class ResetSetting:
    """Take a node's own value of a setting away, so that the default holds again."""

    node: str
    name: str

    def apply(self, workflow: Workflow) -> Edit:
        """Reset it; the inverse gives back the earlier value, if there was one."""
        node = _node(workflow, self.node)
        workflow.put_node(
            replace(node, settings={name: value for name, value in node.settings.items() if name != self.name})
        )
        if self.name in node.settings:
            return SetSetting(self.node, self.name, node.settings[self.name])
        return self

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {"edit": "ResetSetting", "node": self.node, "name": self.name}


@dataclass(frozen=True)
class MoveNodes:
    """Put nodes at new places, by id."""

    positions: Mapping[str, Point]

    def apply(self, workflow: Workflow) -> Edit:
        """Move them; the inverse moves them back."""
        nodes = {id: _node(workflow, id) for id in self.positions}
        for id, position in self.positions.items():
            workflow.put_node(replace(nodes[id], position=position))
        return MoveNodes({id: node.position for id, node in nodes.items()})

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {"edit": "MoveNodes", "positions": {id: list(place) for id, place in self.positions.items()}}


@dataclass(frozen=True)
class ResizeNode:
    """Give a node a size, or None for its natural one."""

    node: str
    size: Point | None

    def apply(self, workflow: Workflow) -> Edit:
        """Resize it; the inverse gives back the earlier size."""
        node = _node(workflow, self.node)
        workflow.put_node(replace(node, size=self.size))
        return ResizeNode(self.node, node.size)

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {"edit": "ResizeNode", "node": self.node, "size": None if self.size is None else list(self.size)}


@dataclass(frozen=True)
class SetState:
    """Switch a node on, mute it or bypass it."""

    node: str
    state: NodeState

    def apply(self, workflow: Workflow) -> Edit:
        """Switch it; the inverse switches back."""
        node = _node(workflow, self.node)
        workflow.put_node(replace(node, state=self.state))
        return SetState(self.node, node.state)

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {"edit": "SetState", "node": self.node, "state": self.state}


@dataclass(frozen=True)
class SetDrawn:
    """Unlock a seed, so that the window draws it anew before each run, or lock it at its present value."""

    node: str
    name: str
    drawn: bool

    def apply(self, workflow: Workflow) -> Edit:
        """Unlock or lock it; the inverse does the opposite, if this changed anything."""
        node = _node(workflow, self.node)
        before = self.name in node.drawn
        names = {*node.drawn, self.name} if self.drawn else set(node.drawn) - {self.name}
        workflow.put_node(replace(node, drawn=tuple(sorted(names))))
        return SetDrawn(self.node, self.name, before)

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {"edit": "SetDrawn", "node": self.node, "name": self.name, "drawn": self.drawn}


@dataclass(frozen=True)
class Rename:
    """Give a node a title of its own, or None for its kind's title."""

    node: str
    title: str | None

    def apply(self, workflow: Workflow) -> Edit:
        """Rename it; the inverse gives back the earlier title."""
        node = _node(workflow, self.node)
        workflow.put_node(replace(node, title=self.title))
        return Rename(self.node, node.title)

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {"edit": "Rename", "node": self.node, "title": self.title}


@dataclass(frozen=True)
class SetTitle:
    """Give the workflow a title."""

    title: str

    def apply(self, workflow: Workflow) -> Edit:
        """Set it; the inverse gives back the earlier title."""
        before, workflow.title = workflow.title, self.title
        return SetTitle(before)

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {"edit": "SetTitle", "title": self.title}


@dataclass(frozen=True)
class Connect:
    """Wire an output to an input, in place of what was wired to that input. Types are up to validation."""

    link: Link

    def apply(self, workflow: Workflow) -> Edit:
        """Connect; the inverse restores what was there."""
        _node(workflow, self.link.source), _node(workflow, self.link.target)
        replaced = workflow.put_link(self.link)
        return Disconnect(self.link.target, self.link.input) if replaced is None else Connect(replaced)

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {"edit": "Connect", "link": codec.link_to_json(self.link)}


@dataclass(frozen=True)
class Disconnect:
    """Remove the link into an input."""

    target: str
    input: str

    def apply(self, workflow: Workflow) -> Edit:
        """Disconnect; the inverse connects again."""
        link = workflow.drop_link(self.target, self.input)
        if link is None:
            raise _missing("link", f"{self.target}.{self.input}")
        return Connect(link)

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {"edit": "Disconnect", "target": self.target, "input": self.input}


@dataclass(frozen=True)
class PutFrame:
    """Add a frame, or replace the one with its id."""

    frame: Frame

    def apply(self, workflow: Workflow) -> Edit:
        """Put it; the inverse restores what was there."""
        before = workflow.frames.get(self.frame.id)
        workflow.frames[self.frame.id] = self.frame
        return RemoveFrame(self.frame.id) if before is None else PutFrame(before)

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {"edit": "PutFrame", "frame": codec.frame_to_json(self.frame)}


@dataclass(frozen=True)
class RemoveFrame:
    """Remove a frame; the nodes on it stay."""

    frame: str

    def apply(self, workflow: Workflow) -> Edit:
        """Remove it; the inverse puts it back."""
        if self.frame not in workflow.frames:
            raise _missing("frame", self.frame)
        return PutFrame(workflow.frames.pop(self.frame))

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {"edit": "RemoveFrame", "frame": self.frame}


@dataclass(frozen=True)
class PutNote:
    """Add a note, or replace the one with its id."""

    note: Note

    def apply(self, workflow: Workflow) -> Edit:
        """Put it; the inverse restores what was there."""
        before = workflow.notes.get(self.note.id)
        workflow.notes[self.note.id] = self.note
        return RemoveNote(self.note.id) if before is None else PutNote(before)

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {"edit": "PutNote", "note": codec.note_to_json(self.note)}


@dataclass(frozen=True)
class RemoveNote:
    """Remove a note."""

    note: str

    def apply(self, workflow: Workflow) -> Edit:
        """Remove it; the inverse puts it back."""
        if self.note not in workflow.notes:
            raise _missing("note", self.note)
        return PutNote(workflow.notes.pop(self.note))

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {"edit": "RemoveNote", "note": self.note}


@dataclass(frozen=True)
class Group:
    """Several edits as one, in order: all of them happen or none."""

    edits: tuple[Edit, ...]

    def apply(self, workflow: Workflow) -> Edit:
        """Apply all; the inverse takes them back in reverse order."""
        inverses: list[Edit] = []
        try:
            for edit in self.edits:
                inverses.append(edit.apply(workflow))
        except InputError:
            for inverse in reversed(inverses):
                inverse.apply(workflow)
            raise
        return Group(tuple(reversed(inverses)))

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {"edit": "Group", "edits": [edit.to_json() for edit in self.edits]}


def same_place(first: Edit, second: Edit) -> bool:
    """Whether `second` overwrites all that `first` did, so that one undo may take both back."""
    place = _place(first)
    return place is not None and place == _place(second)


def _place(edit: Edit) -> tuple[Hashable, ...] | None:
    """Return what an overwriting edit overwrites, or None for any other edit."""
    match edit:
        case SetSetting():
            return SetSetting, edit.node, edit.name
        case SetDrawn():
            return SetDrawn, edit.node, edit.name
        case MoveNodes():
            return MoveNodes, frozenset(edit.positions)
        case Rename() | ResizeNode() | SetState():
            return type(edit).__name__, edit.node
        case PutFrame():
            return PutFrame, edit.frame.id
        case PutNote():
            return PutNote, edit.note.id
        case SetTitle():
            return (SetTitle,)
        case Group() if edit.edits:
            places = tuple(_place(each) for each in edit.edits)
            return None if None in places else (Group, places)
    return None


def _node(workflow: Workflow, id: str) -> Node:
    """Return the node with this id."""
    node = workflow.nodes.get(id)
    if node is None:
        raise _missing("node", id)
    return node


def _refuse_taken(id: str, taken: Mapping[str, object], kind: str) -> None:
    """Refuse an id that is in use or empty."""
    if not id or id in taken:
        raise InputError(
            f'A {kind} with the id "{id}" cannot be added.',
            why="Every id must be there once, and may not be empty.",
            fix="Use another id.",
            node=id or None,
        )


def _missing(kind: str, id: str) -> InputError:
    """Make the error for something that the workflow does not have."""
    return InputError(
        f'There is no {kind} "{id}" to change.',
        why="It is not part of this workflow, or was removed before.",
        fix=f"Choose a {kind} that is there.",
    )
