"""Sweeps: a setting whose value is `{"sweep": [a, b, ...]}` makes the run repeat for each of them.

Several sweeps make a grid. Each cell is an ordinary workflow with plain values, so that the cache shares
whatever does not depend on the swept settings.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator
from dataclasses import replace

from core.graph.json_types import Json
from core.graph.workflow import Workflow

Cell = tuple[tuple[str, str, Json], ...]
"""Which (node, setting, value) triples one cell of the grid stands for; empty without sweeps."""


def swept_values(value: Json) -> list[Json] | None:
    """Return the values of a sweep, or None for a plain value (an empty sweep counts as one)."""
    if isinstance(value, dict) and value.keys() == {"sweep"}:
        values = value["sweep"]
        if isinstance(values, list) and values:
            return values
    return None


def cells(workflow: Workflow, nodes: Collection[str]) -> Iterator[tuple[Cell, Workflow]]:
    """Yield each cell of the grid that the sweeps in `nodes` span, in order, the last setting moving fastest.

    Without sweeps there is one cell: the workflow itself.
    """
    swept: list[list[tuple[str, str, Json]]] = []
    for id in sorted(nodes):
        for name, value in sorted(workflow.nodes[id].settings.items()):
            values = swept_values(value)
            if values is not None:
                swept.append([(id, name, item) for item in values])
    if not swept:
        yield (), workflow
        return
    for cell in itertools.product(*swept):
        variant = workflow.copy()
        for id, name, item in cell:
            node = variant.nodes[id]
            variant.put_node(replace(node, settings={**node.settings, name: item}))
        yield cell, variant
