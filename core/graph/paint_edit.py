"""The edit that a stroke is: a few squares of a painted setting, whatever the size of the whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from core.errors import InputError
from core.graph import tiled_text
from core.graph.edits import ResetSetting, SetSetting
from core.graph.json_types import JsonObject
from core.graph.workflow import Edit, Workflow


@dataclass(frozen=True)
class PaintTiles:
    """Replace squares of a setting that holds a `tiled_text`; one of another size, or none, begins anew.

    Attributes:
        node, name: Which setting.
        width, height: Of the whole, in pixels.
        tiles: Packed pixels by place; an empty text clears the square.
    """

    node: str
    name: str
    width: int
    height: int
    tiles: Mapping[str, str]

    @property
    def weight(self) -> int:
        """Bytes that the history keeps for it."""
        return sum(map(len, self.tiles.values()))

    def apply(self, workflow: Workflow) -> Edit:
        """Paint; the inverse gives back the squares, or the earlier value where it was of another size."""
        node = workflow.nodes.get(self.node)
        if node is None:
            raise InputError(
                f'There is no node "{self.node}".', why="It was removed.", fix="Undo the removal, then paint."
            )
        earlier = node.settings.get(self.name)
        before = tiled_text.parse(earlier) if isinstance(earlier, str) and earlier else None
        inverse: Edit
        if before is not None and (before.width, before.height) == (self.width, self.height):
            kept = {place: before.tiles.get(place, "") for place in self.tiles}
            inverse = replace(self, tiles=kept)
        else:
            before = tiled_text.TiledText(self.width, self.height, {})
            inverse = ResetSetting(self.node, self.name)
            if self.name in node.settings:
                inverse = SetSetting(self.node, self.name, node.settings[self.name])
        text = str(before.with_tiles(self.tiles))
        workflow.put_node(replace(node, settings={**node.settings, self.name: text}))
        return inverse

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {
            "edit": "PaintTiles", "node": self.node, "name": self.name, "width": self.width, "height": self.height,
            "tiles": dict(self.tiles),
        }  # fmt: skip


def read_paint(fields: JsonObject) -> PaintTiles:
    """Read the JSON form.

    Raises:
        KeyError, TypeError: A field is missing or of the wrong type.
    """
    node, name, width, height, tiles = (fields[key] for key in ("node", "name", "width", "height", "tiles"))
    if not (isinstance(node, str) and isinstance(name, str) and isinstance(tiles, dict)):
        raise TypeError("PaintTiles")
    if not (type(width) is int and type(height) is int and all(isinstance(data, str) for data in tiles.values())):
        raise TypeError("PaintTiles")
    return PaintTiles(node, name, width, height, {place: str(data) for place, data in tiles.items()})
