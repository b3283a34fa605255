"""The loop around a painted node: which picture comes of it, which seeds make candidates, and keeping one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from app.catalogue import Catalogue
from app.seeds import SEED_LIMIT, Seeds, seeds_of
from core.graph.edits import AddNode, Connect, Group, ResetSetting, SetSetting
from core.graph.workflow import Edit, Link, Node, Point, Workflow

IMAGE_NODE = "loom.image.load"
PAINT_NODE = "loom.mask.paint"


@dataclass(frozen=True)
class Loop:
    """What is run for a candidate.

    Attributes:
        result: The node whose picture a candidate is.
        seeds: The settings that make candidates differ, by (node, setting), with their present values.
    """

    result: str
    seeds: Seeds


def loop_of(workflow: Workflow, painted: str, catalogue: Catalogue) -> Loop | None:
    """Return the loop around a painted node, or None where no picture comes of what is painted.

    The result is the last picture on the way from the painted node. Seeds upstream of the painted node are left
    alone: another one there would make another picture to paint on.
    """
    after = workflow.downstream([painted])
    makers = [id for id in workflow.nodes if id in after - {painted} and _makes_picture(workflow, id, catalogue)]
    last = [id for id in makers if not any(id != other and other in workflow.downstream([id]) for other in makers)]
    if not last:
        return None
    result = last[0]
    varied = workflow.upstream([result]) - workflow.upstream([painted])
    return Loop(result, seeds_of((node for id, node in workflow.nodes.items() if id in varied), catalogue))


def variant(workflow: Workflow, loop: Loop, step: int) -> Workflow:
    """Return a copy of a workflow with each seed of the loop `step` further."""
    made = workflow.copy()
    for (id, name), seed in loop.seeds.items():
        node = made.nodes[id]
        made.put_node(replace(node, settings={**node.settings, name: (seed + step) % (SEED_LIMIT + 1)}))
    return made


def seeds_kept(loop: Loop, step: int) -> Group:
    """Return the edit that gives a workflow the seeds of a candidate."""
    return Group(
        tuple(SetSetting(id, name, (seed + step) % (SEED_LIMIT + 1)) for (id, name), seed in loop.seeds.items())
    )


def picture_replaced(workflow: Workflow, painted: str, setting: str, path: Path, place: Point) -> Group:
    """Return the edit that puts a picture file in place of the picture that is painted on, with nothing painted.

    A node that loads a picture gets the file. Any other is left as it is, and a new node, at `place`, takes over all
    that the picture went to.
    """
    link = workflow.links[(painted, "image")]
    source = workflow.nodes[link.source]
    edits: list[Edit] = []
    if source.type == IMAGE_NODE:
        edits.append(SetSetting(source.id, "path", str(path)))
    else:
        made = Node(type=IMAGE_NODE, position=place, settings={"path": str(path)})
        edits.append(AddNode(made))
        for old in workflow.outgoing(link.source):
            if old.output == link.output:
                edits.append(Connect(Link(made.id, "image", old.target, old.input)))
    if setting in workflow.nodes[painted].settings:
        edits.append(ResetSetting(painted, setting))
    return Group(tuple(edits))


def painted_in_loops(workflow: Workflow, catalogue: Catalogue) -> Iterator[str]:
    """Yield each node for painting masks that has a picture below and a loop around it."""
    for id, node in workflow.nodes.items():
        if node.type == PAINT_NODE and (id, "image") in workflow.links and loop_of(workflow, id, catalogue):
            yield id


def _makes_picture(workflow: Workflow, id: str, catalogue: Catalogue) -> bool:
    node = workflow.nodes[id]
    card = catalogue.get(node.type)
    return card is not None and node.state == "on" and any("Image" in port.kinds for port in card.outputs)
