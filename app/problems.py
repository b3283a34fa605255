"""What is wrong with the nodes just now: settings checked at every edit, and what the last run found."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.catalogue import Catalogue, NodeCard, SettingCard
from app.document import Document
from app.freshness import Freshness, Snapshot
from core.errors import InputError, LoomError
from core.events import NodeFailed
from core.graph.settings import SETTING_TYPES, Setting, SettingSpec
from core.graph.sweep import swept_values
from core.graph.touched import touched_nodes
from core.graph.validation import nearest_kind
from core.graph.workflow import Node, Workflow

_TYPES = {kind.__name__: kind for kind in SETTING_TYPES}


class Problems(QObject):
    """The problems of the open document's nodes.

    A setting is checked against its kind's range at each edit. What a run found stays until the setting at fault
    has another value, or, where no setting is at fault, until the node or anything upstream differs.

    Signals:
        changed(frozenset | None): These nodes, by id, may have other problems now; None = all.
    """

    changed = Signal(object)

    def __init__(self, document: Document, freshness: Freshness) -> None:
        super().__init__(document)
        self._document, self._freshness = document, freshness
        self._found: list[tuple[NodeFailed, Snapshot]] = []
        self._checked: dict[str, tuple[Node, NodeCard, tuple[LoomError, ...]]] = {}
        document.edited.connect(self._edit)

    def of(self, node: str) -> tuple[LoomError, ...]:
        """Return a node's problems, settings out of range first; at most one for a port."""
        if node not in self._document.workflow.nodes:
            return ()
        by_port: dict[str | None, LoomError] = {error.port: error for error in self._check(node)}
        for event, snapshot in self._found:
            if event.node == node and self._holds(event, snapshot):
                by_port.setdefault(event.port, event.error)
        return tuple(by_port.values())

    def add(self, event: NodeFailed, snapshot: Snapshot) -> None:
        """Take what a run of `snapshot` found."""
        self._found.append((event, snapshot))
        self.changed.emit(None)

    def forget(self) -> None:
        """Let go of what the last run found."""
        self._found.clear()
        self._checked.clear()
        self.changed.emit(None)

    def _edit(self, edit: object) -> None:
        """What a run found may also concern what depends on the touched nodes."""
        self.changed.emit(None if self._found else touched_nodes(edit))

    def _check(self, id: str) -> tuple[LoomError, ...]:
        node = self._document.workflow.nodes[id]
        card = self._freshness.catalogue.get(node.type)
        if card is None:
            return ()
        known = self._checked.get(id)
        if known is None or known[0] is not node or known[1] is not card:
            values = ((card.setting(name), value) for name, value in node.settings.items())
            found = (problem_of(setting, value) for setting, value in values if setting is not None)
            known = self._checked[id] = (node, card, tuple(error for error in found if error is not None))
        return known[2]

    def _holds(self, event: NodeFailed, snapshot: Snapshot) -> bool:
        now, then = self._document.workflow.nodes[event.node], snapshot.workflow.nodes.get(event.node)
        card = self._freshness.catalogue.get(now.type)
        setting = card.setting(event.port) if card is not None and event.port is not None else None
        if then is None or setting is None:
            return self._freshness.prints.get(event.node) == snapshot.prints.get(event.node)
        value, earlier = (node.settings.get(setting.name, setting.default) for node in (now, then))
        return bool(value == earlier)


def problem_of(setting: SettingCard, value: Any) -> InputError | None:
    """Return why a setting does not take `value`, or None; choices that only the engine knows are left to it."""
    spec = _spec(setting)
    if spec is None or value is None:
        return None
    try:
        for item in swept_values(value) or [value]:
            spec.parse(item)
    except InputError as error:
        return error
    return None


@lru_cache(maxsize=1024)
def _spec(setting: SettingCard) -> SettingSpec | None:
    """The core's own check for a setting as the catalogue describes it."""
    if setting.kind not in _TYPES:
        return None
    limits = Setting(
        label=setting.label,
        min=setting.min,
        max=setting.max,
        unit=setting.unit,
        choices=setting.choices or None,
        max_length=setting.max_length,
    )
    return SettingSpec(setting.name, _TYPES[setting.kind], setting=limits)


def unknown_kinds(workflow: Workflow, catalogue: Catalogue) -> InputError | None:
    """Return the error that names every kind of node that is not installed, or None."""
    strange = [node for node in workflow.nodes.values() if catalogue.get(node.type) is None]
    if not strange:
        return None
    kinds = dict.fromkeys(node.type for node in strange)
    near = {kind: nearest_kind(kind, (card.id for card in catalogue.all())) for kind in kinds}
    named = ", ".join(f'"{kind}"' + (f' (nearest known: "{near[kind]}")' if near[kind] else "") for kind in kinds)
    return InputError(
        f"{len(strange)} nodes are of unknown kinds." if len(strange) > 1 else "A node is of an unknown kind.",
        why=f"Not installed: {named}; it may come from a newer version or from an extension.",
        fix="Install what is missing, or remove or mute what needs it; all settings are kept when you save.",
        node=strange[0].id if len(strange) == 1 else None,
    )
