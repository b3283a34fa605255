"""What a person most likely wants at the end of a link: what the shipped workflows have there, the commonest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache

from app.catalogue import NodeCard
from app.editor.node_search import fitting_port
from app.editor.port_item import LoomPort
from app.templates import templates

_End = tuple[str, bool, str]
"""Kind of a node, whether an output of it is meant, and the port's name."""


def suggested(cards: Sequence[NodeCard], port: LoomPort) -> list[NodeCard]:
    """Return the kinds that a link from `port` can end at, the likeliest first.

    Those that the shipped workflows link to just this port, by how often; then those with a port of exactly its type,
    by how often a link of any kind ends there; then the rest. Those alike keep their order.
    """
    at_port, at_kind = _usual()
    end = (port.node.card.id, port.outgoing, port.name)

    def rank(card: NodeCard) -> tuple[int, bool, int]:
        fitting = fitting_port(port.card, card, outgoing=port.outgoing)
        exact = fitting is not None and fitting.kinds[0] == port.card.kinds[0]
        other = (card.id, not port.outgoing, fitting.name if fitting is not None else "")
        return -at_port[end, card.id], not exact, -at_kind[other]

    fitting = [card for card in cards if fitting_port(port.card, card, outgoing=port.outgoing) is not None]
    return sorted(fitting, key=rank)


@cache
def _usual() -> tuple[Counter[tuple[_End, str]], Counter[_End]]:
    """Count, in the shipped workflows, what each port is linked to, and how often it is linked."""
    at_port: Counter[tuple[_End, str]] = Counter()
    at_kind: Counter[_End] = Counter()
    for template in templates():
        nodes = template.workflow.nodes
        for link in template.workflow.links.values():
            source, target = nodes[link.source].type, nodes[link.target].type
            start, end = (source, True, link.output), (target, False, link.input)
            at_port[start, target] += 1
            at_port[end, source] += 1
            at_kind.update((start, end))
    return at_port, at_kind
