"""Which nodes an edit may change, so that views need not look at all of them."""

from __future__ import annotations

from core.graph.edits import (
    AddNode,
    Connect,
    Disconnect,
    Group,
    MoveNodes,
    RemoveNode,
    Rename,
    ResetSetting,
    ResizeNode,
    SetDrawn,
    SetSetting,
    SetState,
)
from core.graph.paint_edit import PaintTiles


def touched_nodes(edit: object) -> frozenset[str]:
    """Return the ids of all nodes that an edit adds, removes or changes, or at which it changes a link.

    The nodes at the other ends of a removed node's links are not among them.
    """
    match edit:
        case AddNode():
            return frozenset((edit.node.id,))
        case RemoveNode() | SetSetting() | ResetSetting() | SetDrawn() | ResizeNode() | SetState() | Rename():
            return frozenset((edit.node,))
        case PaintTiles():
            return frozenset((edit.node,))
        case MoveNodes():
            return frozenset(edit.positions)
        case Connect():
            return frozenset((edit.link.source, edit.link.target))
        case Disconnect():
            return frozenset((edit.target,))
        case Group():
            return frozenset().union(*(touched_nodes(each) for each in edit.edits))
    return frozenset()
