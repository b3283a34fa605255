"""Which nodes a run touches, in which order, and where each input comes from.

Everything here is iterative and linear in nodes plus links, so that a chain of 10,000 nodes is nothing special.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from core.graph.node_spec import NodeRegistry
from core.graph.ports import compatible
from core.graph.workflow import Workflow

MOST_CYCLES = 20
"""Naming more of them helps nobody, and each name costs the length of the path."""


@dataclass(frozen=True)
class Source:
    """An output of a node."""

    node: str
    output: str


@dataclass(frozen=True)
class Plan:
    """What a run would do.

    Attributes:
        targets: The nodes whose results are asked for.
        order: Every node that the targets need, themselves included, sources before users.
        inputs: For each node of `order`, where its connected inputs come from, bypassed nodes skipped.
        cycles: Closed paths of nodes met on the way; nothing can run while there is one.
    """

    targets: tuple[str, ...]
    order: tuple[str, ...]
    inputs: Mapping[str, Mapping[str, Source]]
    cycles: tuple[tuple[str, ...], ...] = field(default=())


def make_plan(workflow: Workflow, registry: NodeRegistry, targets: Iterable[str] | None = None) -> Plan:
    """Plan a run for `targets` (None: every node that no link leaves), muted nodes and their dependents left out."""
    wiring = _Wiring(workflow, registry)
    chosen = _chosen(workflow, wiring, targets)
    inputs: dict[str, dict[str, Source]] = {}
    order, cycles = _depth_first(chosen, wiring, inputs)
    if targets is None:  # a closed ring has no sink that would lead to it
        rest = sorted(node for node in wiring.live if node not in inputs and wiring.runs(node))
        cycles += _depth_first(rest, wiring, {})[1]
    return Plan(tuple(chosen), tuple(order), {node: inputs[node] for node in order}, tuple(cycles))


class _Wiring:
    """Links as a run sees them: muted parts gone, bypassed nodes skipped."""

    def __init__(self, workflow: Workflow, registry: NodeRegistry) -> None:
        self._workflow = workflow
        self._registry = registry
        self._passed: dict[Source, Source | None] = {}
        muted = workflow.downstream(id for id, node in workflow.nodes.items() if node.state == "muted")
        self.live = workflow.nodes.keys() - muted

    def runs(self, node: str) -> bool:
        """Whether a node's function may be called."""
        return node in self.live and self._workflow.nodes[node].state == "on"

    def inputs(self, node: str) -> dict[str, Source]:
        """Return the sources of a node's connected inputs, by input name."""
        found: dict[str, Source] = {}
        for link in self._workflow.incoming(node):
            source = self._resolve(Source(link.source, link.output))
            if source is not None:
                found[link.input] = source
        return found

    def _resolve(self, source: Source) -> Source | None:
        """Follow bypassed nodes upwards to the output that really gives the value, or None at a dead end."""
        path: list[Source] = []
        current: Source | None = source
        while current is not None and current not in self._passed:
            if self._workflow.nodes[current.node].state != "bypassed":
                break
            path.append(current)
            self._passed[current] = None  # a ring of bypassed nodes ends here
            current = self._passed_through(current)
        if current is not None:
            current = self._passed.get(current, current)
        for step in path:
            self._passed[step] = current
        return current

    def _passed_through(self, source: Source) -> Source | None:
        """Return what a bypassed node passes on: its first connected input of a fitting type."""
        spec = self._registry.get(self._workflow.nodes[source.node].type)
        port = spec.output(source.output) if spec else None
        if spec is None or port is None:
            return None
        links = {link.input: link for link in self._workflow.incoming(source.node)}
        for candidate in spec.inputs:
            link = links.get(candidate.name)
            if link is not None and compatible(candidate.type, port.type):
                return Source(link.source, link.output)
        return None


def _chosen(workflow: Workflow, wiring: _Wiring, targets: Iterable[str] | None) -> list[str]:
    """Return the targets that can run; a bypassed one stands for the nodes that feed it."""
    waiting = list(workflow.sinks() if targets is None else dict.fromkeys(targets))[::-1]
    seen: set[str] = set()
    chosen: list[str] = []
    while waiting:
        node = waiting.pop()
        if node in seen or node not in wiring.live:
            continue
        seen.add(node)
        if wiring.runs(node):
            chosen.append(node)
        else:
            waiting += [link.source for link in workflow.incoming(node)][::-1]
    return chosen


def _depth_first(
    starts: Iterable[str], wiring: _Wiring, inputs: dict[str, dict[str, Source]]
) -> tuple[list[str], list[tuple[str, ...]]]:
    """Visit everything upstream of `starts`; return it sources first, and the cycles met. Fills `inputs`."""
    order: list[str] = []
    cycles: list[tuple[str, ...]] = []
    for start in starts:
        if start in inputs:
            continue
        path: dict[str, Iterator[str]] = {start: _open(start, wiring, inputs)}
        while path:
            node, sources = next(reversed(path.items()))
            source = next(sources, None)
            if source is None:
                del path[node]
                order.append(node)
            elif source in path:
                if len(cycles) < MOST_CYCLES:
                    cycles.append(_ring(list(path), source))
            elif source not in inputs:
                path[source] = _open(source, wiring, inputs)
    return order, cycles


def _ring(path: list[str], again: str) -> tuple[str, ...]:
    """Return the closed end of an upstream path that came back to `again`, downstream from its smallest id."""
    ring = path[path.index(again) :][::-1]
    start = ring.index(min(ring))
    return (*ring[start:], *ring[:start])


def _open(node: str, wiring: _Wiring, inputs: dict[str, dict[str, Source]]) -> Iterator[str]:
    """Note a node's sources and return an iterator over the nodes that give them."""
    inputs[node] = wiring.inputs(node)
    return iter([source.node for source in inputs[node].values()])
