"""A layered layout: sources at the left, each node right of all that feeds it, in time linear in nodes and links.

The scheme of Sugiyama, Tagawa and Toda (1981) without its crossing search: layers by longest path, one sweep that
orders each layer by the mean row of what feeds it, and one that moves nodes to the height of their neighbours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from core.graph.workflow import Point

GAP_X = 72.0
GAP_Y = 40.0


def layered(things: Sequence[str], feeds: Mapping[str, list[str]], sizes: Mapping[str, Point]) -> dict[str, Point]:
    """Return left upper corners of `things` by id, in canvas pixels, so that the corner of the whole is at 0, 0.

    `feeds` names for each what feeds it, and `sizes` each one's width and height. Things of a circle, which cannot run,
    go to the first layer.
    """
    placed: dict[str, Point] = {}
    top = 0.0
    for part in _components(things, feeds):
        places = _place(part, feeds, sizes)
        highest = min(y for _, y in places.values())
        placed.update({id: (x, y - highest + top) for id, (x, y) in places.items()})
        top = max(placed[id][1] + sizes[id][1] for id in part) + 2 * GAP_Y
    return {id: (round(x), round(y)) for id, (x, y) in placed.items()}


def _components(nodes: Collection[str], feeds: Mapping[str, list[str]]) -> list[list[str]]:
    """Split into parts without a link between them, each in the given order."""
    neighbours: dict[str, list[str]] = defaultdict(list)
    for id, sources in feeds.items():
        for source in sources:
            neighbours[id].append(source)
            neighbours[source].append(id)
    part_of: dict[str, int] = {}
    count = 0
    for start in nodes:
        if start in part_of:
            continue
        waiting, part_of[start] = [start], count
        while waiting:
            for near in neighbours[waiting.pop()]:
                if near not in part_of:
                    part_of[near] = count
                    waiting.append(near)
        count += 1
    parts: list[list[str]] = [[] for _ in range(count)]
    for id in nodes:
        parts[part_of[id]].append(id)
    return parts


def _place(part: list[str], feeds: Mapping[str, list[str]], sizes: Mapping[str, Point]) -> dict[str, Point]:
    layer = _layers(part, feeds)
    columns: list[list[str]] = [[] for _ in range(max(layer.values()) + 1)]
    for id in part:
        columns[layer[id]].append(id)
    rows: dict[str, float] = {}
    middles: dict[str, float] = {}
    places: dict[str, Point] = {}
    x = 0.0
    for column in columns:
        order = {id: _mean([rows[source] for source in feeds[id] if source in rows], index / len(part))
                 for index, id in enumerate(column)}  # fmt: skip
        column.sort(key=order.__getitem__)
        bottom = float("-inf")
        for row, id in enumerate(column):
            rows[id] = float(row)
            wanted = _mean([middles[source] for source in feeds[id] if source in middles], 0.0) - sizes[id][1] / 2
            y = max(wanted, bottom)
            bottom = y + sizes[id][1] + GAP_Y
            middles[id] = y + sizes[id][1] / 2
            places[id] = (x, y)
        x += max(sizes[id][0] for id in column) + GAP_X
    return places


def _layers(part: list[str], feeds: Mapping[str, list[str]]) -> dict[str, int]:
    """Return each node's layer: one more than the last of those that feed it."""
    fed: dict[str, list[str]] = defaultdict(list)
    missing = {id: len(feeds[id]) for id in part}
    for id in part:
        for source in feeds[id]:
            fed[source].append(id)
    layer = dict.fromkeys(part, 0)
    ready = [id for id in part if not missing[id]]
    while ready:
        id = ready.pop()
        for target in fed[id]:
            layer[target] = max(layer[target], layer[id] + 1)
            missing[target] -= 1
            if not missing[target]:
                ready.append(target)
    circular = [id for id in part if missing[id]]
    layer.update(dict.fromkeys(circular, 0))
    return layer


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
