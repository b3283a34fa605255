"""Tidying a workflow up: nodes in layers, a frame around what is in it and beside everything else, notes in sight.

Each frame is laid out by itself, the innermost first, and is then one thing in the layers of what holds it. Linear in
nodes and links, for few frames and notes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from core.graph.layered_layout import GAP_X, GAP_Y, layered
from core.graph.workflow import Frame, Note, Point, Workflow

FRAME_MARGIN = 24.0
FRAME_TITLE = 30.0
"""Canvas pixels that a frame leaves beside what is in it, and for its title."""
_WHOLE = ""
"""What holds everything that is in no frame."""


@dataclass(frozen=True)
class Box:
    """A rectangle in canvas pixels."""

    left: float
    top: float
    width: float
    height: float

    def holds(self, other: Box) -> bool:
        """Whether the other one lies whole within this one."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and other.left + other.width <= self.left + self.width
            and other.top + other.height <= self.top + self.height
        )

    def meets(self, other: Box) -> bool:
        """Whether both have a part in common; sides that touch are none."""
        return (
            self.left < other.left + other.width
            and other.left < self.left + self.width
            and self.top < other.top + other.height
            and other.top < self.top + self.height
        )


@dataclass(frozen=True)
class Tidied:
    """Where everything goes, in canvas pixels.

    Attributes:
        nodes: Left upper corner of each node that was laid out, by id.
        notes: Likewise of each note that moves with its frame, or would be covered.
        frames: Rectangle of each frame of which all nodes were laid out.
    """

    nodes: dict[str, Point] = field(default_factory=dict)
    notes: dict[str, Point] = field(default_factory=dict)
    frames: dict[str, Box] = field(default_factory=dict)


def tidy(workflow: Workflow, sizes: Mapping[str, Point], nodes: Collection[str] | None = None) -> Tidied:
    """Return a place for each of `nodes` (None = all), with the frames around them and the notes in their way.

    `sizes` holds each node's width and height. The corner of the whole stays where it is. A frame with nodes that stay
    is none of this; a note outside of all frames moves only if it would be covered, and then straight up.
    """
    chosen = [id for id in workflow.nodes if nodes is None or id in nodes]
    if not chosen:
        return Tidied()
    boxes = {id: Box(*node.position, *sizes[id]) for id, node in workflow.nodes.items()}
    frames = _whole_frames(workflow, boxes, set(chosen))
    boxes.update({id: _box(frame) for id, frame in frames.items()})
    boxes.update({id: _box(note) for id, note in workflow.notes.items()})
    holder = _holders([*chosen, *workflow.notes], list(frames), boxes)
    inner, made = _lay_out_all(workflow, chosen, list(frames), holder, boxes)
    tops = [id for id in (*chosen, *frames) if holder[id] == _WHOLE]
    corner = (round(min(boxes[id].left for id in tops)), round(min(boxes[id].top for id in tops)))
    for frame in (_WHOLE, *reversed(frames)):  # from the outermost inwards
        left, top = corner if frame == _WHOLE else (made[frame].left, made[frame].top)
        for id, (x, y) in inner[frame].items():
            made[id] = Box(left + x, top + y, made[id].width, made[id].height)
    staying = [boxes[id] for id in workflow.nodes if id not in made]
    free = {id: boxes[id] for id in workflow.notes if holder[id] == _WHOLE}
    moved = _uncovered(free, [made[id] for id in tops], staying)
    return Tidied(
        {id: (made[id].left, made[id].top) for id in chosen},
        {id: (made[id].left, made[id].top) for id in workflow.notes if id in made} | moved,
        {id: made[id] for id in frames},
    )


def _box(area: Frame | Note) -> Box:
    return Box(*area.position, *area.size)


def _whole_frames(workflow: Workflow, boxes: Mapping[str, Box], chosen: Collection[str]) -> dict[str, Frame]:
    """The frames that hold chosen nodes and no others, by id, the smallest first."""
    found = []
    for frame in workflow.frames.values():
        inside = [id for id, box in boxes.items() if _box(frame).holds(box)]
        if inside and all(id in chosen for id in inside):
            found.append(frame)
    return {frame.id: frame for frame in sorted(found, key=lambda each: each.size[0] * each.size[1])}


def _holders(things: Iterable[str], frames: list[str], boxes: Mapping[str, Box]) -> dict[str, str]:
    """The smallest frame around each thing and each frame, else `_WHOLE`; `frames` are sorted by size."""
    holder = {id: next((each for each in frames if boxes[each].holds(boxes[id])), _WHOLE) for id in things}
    for place, id in enumerate(frames):
        holder[id] = next((each for each in frames[place + 1 :] if boxes[each].holds(boxes[id])), _WHOLE)
    return holder


def _lay_out_all(
    workflow: Workflow, chosen: list[str], frames: list[str], holder: Mapping[str, str], boxes: Mapping[str, Box]
) -> tuple[dict[str, dict[str, Point]], dict[str, Box]]:
    """Return for each frame, and for the whole, the places in it, and each thing's rectangle with its new size."""
    feeds = _feeds(workflow, chosen, holder)
    held: dict[str, list[str]] = defaultdict(list)
    for id in (*chosen, *frames):
        held[holder[id]].append(id)
    made = {id: boxes[id] for id in (*chosen, *(note for note in workflow.notes if holder[note] != _WHOLE))}
    inner: dict[str, dict[str, Point]] = {}
    for frame in (*frames, _WHOLE):
        sizes = {id: (made[id].width, made[id].height) for id in held[frame]}
        places = layered(held[frame], {id: feeds[frame][id] for id in held[frame]}, sizes)
        if frame == _WHOLE:
            inner[frame] = places
            continue
        notes = [id for id in workflow.notes if holder[id] == frame]
        places = _below_notes(places, notes, made)
        inner[frame] = {id: (x + FRAME_MARGIN, y + FRAME_MARGIN + FRAME_TITLE) for id, (x, y) in places.items()}
        right = max(x + made[id].width for id, (x, _) in inner[frame].items())
        bottom = max(y + made[id].height for id, (_, y) in inner[frame].items())
        made[frame] = Box(0.0, 0.0, right + FRAME_MARGIN, bottom + FRAME_MARGIN)
    return inner, made


def _feeds(workflow: Workflow, chosen: list[str], holder: Mapping[str, str]) -> dict[str, dict[str, list[str]]]:
    """What feeds what within each frame and within the whole: a link belongs to the smallest that holds both ends."""
    feeds: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for id in chosen:
        for link in workflow.incoming(id):
            if link.source not in holder:
                continue
            within = {}  # each frame around the source, with what of it holds the source
            thing = link.source
            while thing != _WHOLE:
                within[holder[thing]] = thing
                thing = holder[thing]
            thing = id
            while holder[thing] not in within:
                thing = holder[thing]
            source = within[holder[thing]]
            if source != thing:
                feeds[holder[thing]][thing].append(source)
    return feeds


def _below_notes(places: dict[str, Point], notes: list[str], made: Mapping[str, Box]) -> dict[str, Point]:
    """Put the notes of a frame in a row above all else in it."""
    if not notes:
        return places
    down = max(made[id].height for id in notes) + GAP_Y
    row, left = {}, 0.0
    for id in notes:
        row[id] = (left, 0.0)
        left += made[id].width + GAP_X / 2
    return {**{id: (x, y + down) for id, (x, y) in places.items()}, **row}


def _uncovered(notes: Mapping[str, Box], made: list[Box], staying: list[Box]) -> dict[str, Point]:
    """Where notes go that what was laid out would cover: above it, and above what lies there already."""
    covered = {id: box for id, box in notes.items() if any(box.meets(other) for other in made)}
    taken = [*made, *staying, *(box for id, box in notes.items() if id not in covered)]
    moved: dict[str, Point] = {}
    for id, box in covered.items():
        while met := [other for other in taken if box.meets(other)]:
            box = Box(box.left, min(other.top for other in met) - GAP_Y - box.height, box.width, box.height)
        moved[id] = (box.left, box.top)
        taken.append(box)
    return moved
