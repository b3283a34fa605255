"""How much memory the texts of an edit take, so that a history of large ones can be kept within a budget."""

from __future__ import annotations

from core.graph.edits import AddNode, Group, SetSetting
from core.graph.paint_edit import PaintTiles
from core.graph.workflow import Edit


def weight(edit: Edit) -> int:
    """Return the bytes of the texts that an edit holds: what is painted, a prompt; anything else counts nothing."""
    match edit:
        case PaintTiles():
            return edit.weight
        case SetSetting():
            return _length(edit.value)
        case AddNode():
            return sum(map(_length, edit.node.settings.values()))
        case Group():
            return sum(map(weight, edit.edits))
    return 0


def _length(value: object) -> int:
    return len(value) if isinstance(value, str) else 0
