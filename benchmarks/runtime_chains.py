"""Chains of trivial nodes: what the graph itself costs, apart from any work in the nodes.

Each length is measured three times over: a first run, a run that finds everything in the cache, and a run
after the last node's setting changed. The best of the repetitions counts, in milliseconds for the whole run.
"""

from __future__ import annotations

import time
from typing import Any

from core.graph.edits import AddNode, Connect, SetSetting
from core.graph.execution import Executor, RunResult
from core.graph.node_spec import NodeRegistry, node
from core.graph.workflow import Link, Node, Workflow

LENGTHS = (100, 1_000, 10_000)
REPETITIONS = 5
GOAL_MICROSECONDS_A_NODE = {"first run": 100.0, "cached": 50.0, "last changed": 50.0}
GOAL_GROWTH = 1.5


@node(id="benchmark.number", title="Number", category="benchmark")
def number(*, value: int = 0) -> int:
    """Give a number."""
    return value


@node(id="benchmark.add", title="Add", category="benchmark")
def add(value: int, *, amount: int = 1) -> int:
    """Add a number."""
    return value + amount


def measure() -> dict[str, dict[str, Any]]:
    """Return the figures by name: milliseconds a run, and how much more a node costs in the longest chain.

    Raises:
        RuntimeError: A chain gave a wrong number, or ran other nodes than it should have.
    """
    figures: dict[str, dict[str, Any]] = {}
    costs: dict[tuple[str, int], float] = {}
    for length in LENGTHS:
        best: dict[str, float] = {}
        for _ in range(REPETITIONS):
            for name, seconds in _times(length).items():
                best[name] = min(seconds, best.get(name, seconds))
        for name, seconds in best.items():
            costs[name, length] = seconds / length
            goal = GOAL_MICROSECONDS_A_NODE[name] * length / 1_000
            figures[f"chain of {length:,}, {name}"] = _figure(seconds * 1_000, "ms", goal, REPETITIONS)
    for name in GOAL_MICROSECONDS_A_NODE:
        growth = costs[name, LENGTHS[-1]] / costs[name, LENGTHS[-2]]
        unit = f"times the cost a node, {LENGTHS[-1]:,} to {LENGTHS[-2]:,}"
        figures[f"growth, {name}"] = _figure(growth, unit, GOAL_GROWTH, REPETITIONS)
    return figures


def _figure(value: float, unit: str, goal: float, n: int) -> dict[str, Any]:
    """Return one figure; it holds when it is at most the goal."""
    return {"value": round(value, 3), "unit": unit, "goal": goal, "holds": value <= goal, "n": n, "peer": None}


def _times(length: int) -> dict[str, float]:
    """Run a fresh chain three ways; return the seconds of each."""
    registry = NodeRegistry()
    registry.register(number.spec)
    registry.register(add.spec)
    executor = Executor(registry)
    workflow = _chain(length)
    last = f"n{length - 1}"
    times: dict[str, float] = {}
    for name, ran, amount in (("first run", length, 1), ("cached", 0, 1), ("last changed", 1, 2)):
        workflow.apply(SetSetting(last, "amount", amount))
        began = time.perf_counter()
        result = executor.run(workflow)
        times[name] = time.perf_counter() - began
        _check(result, last, length - 2 + amount, ran)
    return times


def _chain(length: int) -> Workflow:
    """Make a number and `length - 1` additions in a row."""
    workflow = Workflow()
    workflow.apply(AddNode(Node(id="n0", type="benchmark.number")))
    for index in range(1, length):
        workflow.apply(AddNode(Node(id=f"n{index}", type="benchmark.add")))
        workflow.apply(Connect(Link(f"n{index - 1}", "int", f"n{index}", "value")))
    return workflow


def _check(result: RunResult, last: str, value: int, ran: int) -> None:
    """Refuse to time something that went wrong."""
    if result.outputs[last, "int"] != value or result.ran != ran:
        raise RuntimeError(f"The chain gave {result.outputs} after {result.ran} calls, not {value} after {ran}.")
