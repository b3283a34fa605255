"""A workflow: nodes, links, frames and notes. It is changed by edits only (`core.graph.edits`)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from core.graph.json_types import Json, JsonObject

NodeState = Literal["on", "muted", "bypassed"]
Point = tuple[float, float]


def new_id() -> str:
    """Return an id that no other node, frame or note has."""
    return uuid.uuid4().hex


@dataclass(frozen=True, kw_only=True)
class Node:
    """One node on the canvas.

    Attributes:
        type: Id of its kind (`NodeSpec.id`); may be unknown here, the node is kept all the same.
        id: Unique in the workflow; any text that is not empty.
        title: A person's own name for it, or None.
        settings: Values that differ from the kind's defaults, or simply were set, by name.
        position: Left upper corner on the canvas, in canvas pixels.
        size: Width and height in canvas pixels, or None for the natural size.
        state: "on"; "muted" (it and what depends on it do not run); "bypassed" (its inputs pass through).
        drawn: Names of the seeds that are unlocked, sorted: the window draws each anew before a run, by an edit, so
            that a run itself and what it writes know only the seed that was drawn.
        extra: Fields of the file that this version does not know or cannot read; saved back unharmed.
    """

    type: str
    id: str = field(default_factory=new_id)
    title: str | None = None
    settings: Mapping[str, Json] = field(default_factory=dict)
    position: Point = (0.0, 0.0)
    size: Point | None = None
    state: NodeState = "on"
    drawn: tuple[str, ...] = ()
    extra: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class Link:
    """A wire from an output of node `source` to an input of node `target`; `extra` as a node's, and no part of it."""

    source: str
    output: str
    target: str
    input: str
    extra: Mapping[str, Json] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A titled rectangle behind nodes, in canvas pixels; moving it is up to the view. `extra` as a node's."""

    id: str = field(default_factory=new_id)
    title: str = ""
    position: Point = (0.0, 0.0)
    size: Point = (320.0, 240.0)
    color: str = ""
    extra: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Note:
    """A text on the canvas, in canvas pixels. `extra` as a node's."""

    id: str = field(default_factory=new_id)
    text: str = ""
    position: Point = (0.0, 0.0)
    size: Point = (240.0, 120.0)
    extra: Mapping[str, Json] = field(default_factory=dict)


class Edit(Protocol):
    """A change of a workflow: small, frozen, with an inverse and a JSON form."""

    def apply(self, workflow: Workflow) -> Edit:
        """Change `workflow` and return the edit that takes the change back; raises `InputError` before any change."""

    def to_json(self) -> JsonObject:
        """Return the JSON form, which `core.graph.edit_json` reads back."""


class Workflow:
    """The truth about a graph: what the window shows, the file holds and the executor runs.

    Reading is free; change it through `apply`. The four `put_`/`drop_` methods keep the indices and are
    there for edits and for the file reader.

    Attributes:
        nodes: Nodes by id.
        links: Links by (target node, input), which has one link at most.
        frames: Frames by id.
        notes: Notes by id.
        title: Name for people; may be empty.
        extra: Fields of the file that this version does not know; saved back unharmed.
        unread: Items of the file that cannot be read, by the list that holds them; saved back.
        newer: The version of a file of a newer one, which it keeps; None for any other.
    """

    def __init__(self, title: str = "") -> None:
        self.title = title
        self.nodes: dict[str, Node] = {}
        self.links: dict[tuple[str, str], Link] = {}
        self.frames: dict[str, Frame] = {}
        self.notes: dict[str, Note] = {}
        self.extra: dict[str, Json] = {}
        self.unread: dict[str, list[Json]] = {}
        self.newer: int | None = None
        self._incoming: dict[str, dict[str, Link]] = {}
        self._outgoing: dict[str, dict[tuple[str, str], Link]] = {}

    def apply(self, edit: Edit) -> Edit:
        """Apply `edit` and return its inverse.

        Raises:
            InputError: The edit does not fit this workflow, which is then unchanged.
        """
        return edit.apply(self)

    def incoming(self, node: str) -> tuple[Link, ...]:
        """Return the links into `node`, by input name."""
        return tuple(link for _, link in sorted(self._incoming.get(node, {}).items()))

    def outgoing(self, node: str) -> tuple[Link, ...]:
        """Return the links out of `node`, by target and input."""
        return tuple(link for _, link in sorted(self._outgoing.get(node, {}).items()))

    def has_outgoing(self, node: str) -> bool:
        """Whether any link leaves `node`."""
        return bool(self._outgoing.get(node))

    def sinks(self) -> tuple[str, ...]:
        """Return the ids of nodes that no link leaves, sorted: what a run makes when nothing else is asked."""
        return tuple(sorted(node for node in self.nodes if not self._outgoing.get(node)))

    def downstream(self, starts: Iterable[str]) -> set[str]:
        """Return `starts` and every node that a path of links reaches from them."""
        reached = set(starts)
        waiting = list(reached)
        while waiting:
            for target, _ in self._outgoing.get(waiting.pop(), {}):
                if target not in reached:
                    reached.add(target)
                    waiting.append(target)
        return reached

    def upstream(self, starts: Iterable[str]) -> set[str]:
        """Return `starts` and every node from which a path of links reaches one of them."""
        reached = set(starts)
        waiting = list(reached)
        while waiting:
            for link in self._incoming.get(waiting.pop(), {}).values():
                if link.source not in reached:
                    reached.add(link.source)
                    waiting.append(link.source)
        return reached

    def would_close_cycle(self, source: str, target: str) -> bool:
        """Whether a link from `source` to `target` would make the graph circular."""
        return source in self.downstream([target])

    def copy(self) -> Workflow:
        """Return an independent copy: a snapshot for a run on another thread. Nodes are frozen, so shared."""
        twin = Workflow(self.title)
        twin.nodes, twin.links = dict(self.nodes), dict(self.links)
        twin.frames, twin.notes, twin.extra = dict(self.frames), dict(self.notes), dict(self.extra)
        twin.unread, twin.newer = self.unread, self.newer
        twin._incoming = {node: dict(links) for node, links in self._incoming.items()}
        twin._outgoing = {node: dict(links) for node, links in self._outgoing.items()}
        return twin

    def put_node(self, node: Node) -> None:
        """Add `node`, or replace the one with its id. For edits and the file reader."""
        self.nodes[node.id] = node

    def drop_node(self, node: str) -> Node:
        """Remove and return a node that has no links any more. For edits."""
        self._incoming.pop(node, None)
        self._outgoing.pop(node, None)
        return self.nodes.pop(node)

    def put_link(self, link: Link) -> Link | None:
        """Add `link` and return the one that it replaces, or None. For edits and the file reader."""
        replaced = self.drop_link(link.target, link.input)
        self.links[link.target, link.input] = link
        self._incoming.setdefault(link.target, {})[link.input] = link
        self._outgoing.setdefault(link.source, {})[link.target, link.input] = link
        return replaced

    def drop_link(self, target: str, input: str) -> Link | None:
        """Remove and return the link into an input, or return None. For edits."""
        link = self.links.pop((target, input), None)
        if link is not None:
            del self._incoming[target][input]
            del self._outgoing[link.source][target, input]
        return link
