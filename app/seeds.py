"""Seeds: drawing new ones, by an edit, so that the seed of each run is shown, kept with its picture, and undone."""

from __future__ import annotations

import random
from collections.abc import Iterable

from app.catalogue import Catalogue, SettingCard
from core.graph.edits import Group, SetSetting
from core.graph.workflow import Edit, Node, Workflow

SEED_LIMIT = 2**32 - 1001
"""The largest that is drawn: every node takes it, and a person can read it off and type it."""
MERGE_KEY = "seeds drawn"
"""Draws one after the other are undone together: what came of each is in the gallery."""

_LATER = ("First stage", "Image")
"""The categories whose seeds count only where no others do, in this order: what encoding draws hardly shows where noise
is drawn too, and another source picture is another task."""
Seeds = dict[tuple[str, str], int]
"""Seeds by node and setting."""


def draw(setting: SettingCard) -> int:
    """Return a random seed within a setting's range."""
    low = 0 if setting.min is None else int(setting.min)
    high = SEED_LIMIT if setting.max is None else int(min(setting.max, SEED_LIMIT))
    return random.randint(low, high)


def seeds_of(nodes: Iterable[Node], catalogue: Catalogue) -> Seeds:
    """Return the seeds of nodes that decide what a picture looks like. Sweeps have no single seed."""
    found: dict[str, Seeds] = {}
    for node in nodes:
        card = catalogue.get(node.type)
        for setting in card.settings if card else ():
            value = node.settings.get(setting.name, setting.default)
            if card and setting.widget == "seed" and isinstance(value, int):
                rank = card.category if card.category in _LATER else ""
                found.setdefault(rank, {})[node.id, setting.name] = value
    return next((found[rank] for rank in ("", *_LATER) if rank in found), {})


def drawn_anew(
    workflow: Workflow, catalogue: Catalogue, targets: Iterable[str] | None = None, *, locked: bool = False
) -> Edit | None:
    """Return the edit that draws the unlocked seeds of what a run for `targets` (None = all) needs, or None.

    With `locked`, those that are locked are drawn too.
    """
    needed = workflow.nodes.keys() if targets is None else workflow.upstream(targets)
    nodes = [node for id, node in workflow.nodes.items() if id in needed and node.state == "on"]
    places = [(node.id, name) for node in nodes for name in node.drawn]
    if locked:
        places = list(dict.fromkeys([*places, *seeds_of(nodes, catalogue)]))
    edits: list[Edit] = []
    for id, name in places:
        node = workflow.nodes[id]
        card = catalogue.get(node.type)
        setting = card.setting(name) if card else None
        if setting is not None and setting.widget == "seed" and not isinstance(node.settings.get(name), dict):
            edits.append(SetSetting(id, name, draw(setting)))
    return Group(tuple(edits)) if edits else None
