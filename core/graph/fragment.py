"""Parts of a workflow to copy: taken as a workflow of their own, whose file text also serves the clipboard."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from core.graph.edits import AddNode, Connect, Group, PutFrame, PutNote
from core.graph.workflow import Edit, Link, Point, Workflow, new_id


@dataclass(frozen=True)
class Pasted:
    """What adds a fragment to a workflow.

    Attributes:
        edit: Adds everything, as one step.
        ids: New id of each copied node, frame and note, by its id in the fragment.
    """

    edit: Group
    ids: dict[str, str]


def fragment_of(workflow: Workflow, ids: Collection[str]) -> Workflow:
    """Return the nodes, frames and notes with these ids, and the links between those nodes."""
    part = Workflow()
    for id, node in workflow.nodes.items():
        if id in ids:
            part.put_node(node)
    for link in workflow.links.values():
        if link.source in ids and link.target in ids:
            part.put_link(link)
    part.frames = {id: frame for id, frame in workflow.frames.items() if id in ids}
    part.notes = {id: note for id, note in workflow.notes.items() if id in ids}
    return part


def paste(fragment: Workflow, offset: Point, into: Workflow | None = None) -> Pasted:
    """Return the edit that adds copies of everything in `fragment`, moved by `offset` (canvas pixels).

    Links into the copied nodes from nodes of `into` that the fragment does not hold are copied as well, as when nodes
    are duplicated where they are.
    """
    things = (*fragment.nodes, *fragment.frames, *fragment.notes)
    ids = {id: new_id() for id in things}

    def moved(place: Point) -> Point:
        return (place[0] + offset[0], place[1] + offset[1])

    edits: list[Edit] = []
    for node in fragment.nodes.values():
        edits.append(AddNode(replace(node, id=ids[node.id], position=moved(node.position))))
    links = list(fragment.links.values())
    if into is not None:
        links += [link for id in fragment.nodes for link in into.incoming(id) if link.source not in ids]
    for link in links:
        edits.append(Connect(Link(ids.get(link.source, link.source), link.output, ids[link.target], link.input)))
    for frame in fragment.frames.values():
        edits.append(PutFrame(replace(frame, id=ids[frame.id], position=moved(frame.position))))
    for note in fragment.notes.values():
        edits.append(PutNote(replace(note, id=ids[note.id], position=moved(note.position))))
    return Pasted(Group(tuple(edits)), ids)


def corner(fragment: Workflow) -> Point:
    """Return the left upper corner of everything in a fragment; (0, 0) for an empty one."""
    places = [node.position for node in fragment.nodes.values()]
    places += [frame.position for frame in fragment.frames.values()]
    places += [note.position for note in fragment.notes.values()]
    return (min(x for x, _ in places), min(y for _, y in places)) if places else (0.0, 0.0)
