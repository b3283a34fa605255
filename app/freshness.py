"""Whether what is shown of a node still belongs to the workflow: fingerprints of nodes with all that feeds them.

They follow the idea of the engine's cache keys (`core.graph.keys`), without files and versions: enough to tell what an
edit has made stale, and what its undoing makes fresh again, at once and on the window's own thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, Signal

from app.catalogue import Catalogue
from app.document import Document
from core.graph.edits import MoveNodes
from core.graph.json_types import Json
from core.graph.touched import touched_nodes
from core.graph.workflow import Node, Workflow

Own = dict[str, tuple[Mapping[str, Json], str, str, int]]
"""By node id: settings, type and state as last seen, and the hash of them."""


@dataclass(frozen=True)
class Snapshot:
    """A workflow as a run took it, with the fingerprint of each node."""

    workflow: Workflow = field(default_factory=Workflow)
    prints: Mapping[str, int] = field(default_factory=dict)


class Freshness(QObject):
    """The fingerprints of the open document.

    Attributes:
        catalogue: The kinds of nodes, for the defaults of settings.

    Signals:
        changed(): The fingerprints may be others now.
    """

    changed = Signal()

    def __init__(self, document: Document, catalogue: Catalogue) -> None:
        super().__init__(document)
        self.catalogue = catalogue
        self._document = document
        self._prints: dict[str, int] = {}
        self._whole = False
        self._own: Own = {}
        document.edited.connect(self._edit)
        document.replaced.connect(self._forget)

    @property
    def prints(self) -> dict[str, int]:
        """Each node's fingerprint by id, as the workflow is now."""
        if not self._whole:
            self._prints = fingerprints(self._document.workflow, self.catalogue, self._own, self._prints)
            self._whole = True
        return self._prints

    def snapshot(self) -> Snapshot:
        """Return the workflow as it is now, for a run."""
        return Snapshot(self._document.workflow.copy(), self.prints)

    def set_catalogue(self, catalogue: Catalogue) -> None:
        """Take the engine's catalogue in place of the shipped one."""
        self.catalogue = catalogue
        self._own.clear()
        self._forget()

    def _edit(self, edit: object) -> None:
        """Forget the fingerprints of what the edit touched and of what depends on it."""
        workflow = self._document.workflow
        if not isinstance(edit, MoveNodes):
            touched = touched_nodes(edit)
            gone = any(node not in workflow.nodes for node in touched)  # what depended on it is not known any more
            self._prints = {} if gone else dict(self._prints)  # a snapshot may hold the earlier ones
            for node in workflow.downstream(touched):
                self._prints.pop(node, None)
            self._whole = False
        self.changed.emit()

    def _forget(self) -> None:
        self._prints, self._whole = {}, False
        self.changed.emit()


def fingerprints(
    workflow: Workflow, catalogue: Catalogue, own: Own | None = None, known: Mapping[str, int] | None = None
) -> dict[str, int]:
    """Return a number for each node that differs when its settings, its state, or anything upstream differs.

    Iterative; the nodes of a circle, which cannot run, count each other as unknown. `own` keeps what each node itself
    contributes from one call to the next, for the same catalogue; `known` holds the fingerprints that still hold.
    """
    made = dict(known or {})
    own = {} if own is None else own
    opened: set[str] = set()
    # The first come first: they mostly feed the later ones.
    waiting = [id for id in reversed(workflow.nodes) if id not in made]
    while waiting:
        id = waiting[-1]
        links = workflow.incoming(id)
        missing = [link.source for link in links if link.source not in made and link.source not in opened]
        if id not in made and missing and id not in opened:
            opened.add(id)
            waiting += missing
            continue
        waiting.pop()
        if id not in made:
            sources = tuple((link.input, link.output, made.get(link.source)) for link in links)
            made[id] = hash((_own_part(workflow.nodes[id], catalogue, own), sources))
    return made


def _own_part(node: Node, catalogue: Catalogue, own: Own) -> int:
    """Return what a node itself decides about its results: a default that is spelled out counts as the default."""
    known = own.get(node.id)
    if known is not None and known[0] is node.settings and known[1:3] == (node.type, node.state):
        return known[3]
    card = catalogue.get(node.type)
    defaults = {setting.name: setting.default for setting in card.settings} if card else {}
    values = sorted((name, repr(value)) for name, value in node.settings.items() if value != defaults.get(name))
    made = hash((node.type, node.state, tuple(values)))
    own[node.id] = (node.settings, node.type, node.state, made)
    return made
