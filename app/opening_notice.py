"""What the window says of a workflow that could be opened only in part: one notice, which names the nodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from app.catalogue import Catalogue, PortCard
from app.document import Document
from app.problems import unknown_kinds
from core.errors import InputError
from core.graph.workflow import Link, Workflow

_NAMED = 3
"""So many parts are named; there is room for no more above the canvas."""


def opening_notice(document: Document, catalogue: Catalogue | None) -> InputError | None:
    """Return what of the open document cannot be used, or None; `catalogue` = None leaves out what depends on nodes."""
    workflow = document.workflow
    strange = unknown_kinds(workflow, catalogue) if catalogue is not None else None
    misfits = list(_misfits(workflow, catalogue)) if catalogue is not None else []
    parts = [*document.unread, *(sentence for sentence, _node in misfits)]
    if not parts:
        return strange
    if strange is not None:
        parts.insert(0, f"{strange.what} {strange.why.split(';')[0]}.")
    nodes = {node for _sentence, node in misfits}
    one = nodes.pop() if len(nodes) == 1 and strange is None else None
    card = catalogue.get(workflow.nodes[one].type) if one and catalogue is not None else None
    what = "a part of it"
    if one and card is not None and not document.unread:
        what = f'a part of "{workflow.nodes[one].title or card.title}"'
    more = len(parts) - _NAMED
    left = document.path is None and bool(document.unread)
    return InputError(
        f'"{document.title}" was opened, but {what} cannot be used here.',
        why="\n".join([*parts[:_NAMED], *([f"And {more} more like these."] if more > 0 else [])]),
        fix="The file itself stays as it is; saving asks where to put this copy."
        if left
        else "What cannot be used is kept, and saved back as it was.",
        node=one,
    )


def _misfits(workflow: Workflow, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """Return a sentence, and the node, for each setting and each link that the nodes here do not have."""
    for id, node in workflow.nodes.items():
        card = catalogue.get(node.type)
        if card is None:
            continue
        name = node.title or card.title
        for setting in node.settings:
            if card.setting(setting) is None:
                yield f'"{name}" has no setting "{setting}", so it has no effect.', id
    for link in workflow.links.values():
        yield from _loose_ends(link, workflow, catalogue)


def _loose_ends(link: Link, workflow: Workflow, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """Name the ports of a link that its nodes do not have."""
    source, target = (workflow.nodes[id] for id in (link.source, link.target))
    giver, taker = catalogue.get(source.type), catalogue.get(target.type)
    if giver is not None and not _has(giver.outputs, link.output):
        yield (
            f'"{source.title or giver.title}" has no output "{link.output}", so a link from it is not used.',
            source.id,
        )
    if taker is not None and not _has(taker.inputs, link.input):
        name = target.title or taker.title
        yield f'"{name}" has no input "{link.input}", so a link into it is not used.', target.id


def _has(ports: Iterable[PortCard], name: str) -> bool:
    return any(port.name == name for port in ports)
