"""Small real nodes and a builder of workflows, for every test of the graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import pytest

from core.cancellation import CancelToken
from core.errors import InputError
from core.events import Event
from core.graph.edits import AddNode, Connect
from core.graph.execution import Executor, RunResult
from core.graph.node_spec import NodeRegistry, RunContext, Setting, node
from core.graph.workflow import Link, Node, Workflow

CALLS: Counter[str] = Counter()


class Halves(NamedTuple):
    """Two results."""

    low: int
    high: int


@node(id="t.number", title="Number", category="test")
def number(*, value: Annotated[int, Setting(min=0, max=1_000_000)] = 1) -> int:
    """Give a number."""
    CALLS["number"] += 1
    return value


@node(id="t.add", title="Add", category="test")
def add(left: int, right: int | None = None, *, amount: int = 1) -> int:
    """Add one or two numbers and an amount."""
    CALLS["add"] += 1
    return left + (right or 0) + amount


@node(id="t.halves", title="Halves", category="test")
def halves(whole: int) -> Halves:
    """Split a number."""
    CALLS["halves"] += 1
    return Halves(whole // 2, whole - whole // 2)


@node(id="t.text", title="Text", category="test")
def text(*, text: Annotated[str, Setting(max_length=2000)] = "a cat") -> str:
    """Give a text."""
    return text


@node(id="t.pick", title="Pick", category="test")
def pick(*, kind: Annotated[str, Setting(choices=("round", "square"))] = "round", strength: float = 0.5) -> str:
    """Give a choice."""
    return f"{kind} {strength}"


@node(id="t.show", title="Show", category="test")
def show(value: int) -> None:
    """Show a number."""
    CALLS["show"] += 1


@node(id="t.read", title="Read", category="test")
def read(*, path: Annotated[Path, Setting(widget="file")]) -> str:
    """Read a file."""
    CALLS["read"] += 1
    return path.read_text()


@node(id="t.write", title="Write", category="test", writes_files=True)
def write(value: int, *, name: str = "number.txt", context: RunContext) -> None:
    """Write a number into the output folder."""
    CALLS["write"] += 1
    target = context.output_folder / name
    target.write_text(f"{value}\n{context.workflow_text()}")
    context.wrote(target)


@node(id="t.steps", title="Steps", category="test")
def steps(start: int, *, count: int = 10, context: RunContext) -> int:
    """Count up in steps."""
    for done in range(1, count + 1):
        CALLS["step"] += 1
        context.step(done, count, preview=done)
    return start + count


@node(id="t.sketch", title="Sketch", category="test")
def sketch(value: int, *, context: RunContext) -> int:
    """Show a picture at its steps, and say something."""
    context.step(1, 2, preview=f"half a picture of {value}")
    context.step(2, 2, preview=f"picture of {value}")
    context.note(f"{value} is a small number.")
    return value


@node(id="t.fail", title="Fail", category="test")
def fail(value: int, *, kindly: bool = False) -> int:
    """Fail, in a person's words or in Python's."""
    if kindly:
        raise InputError(f"The number {value} is bad.", why="All are.", fix="Use none.", port="value")
    return value // 0


@node(id="t.lie", title="Lie", category="test")
def lie(value: int) -> str:
    """Return something else than declared."""
    return value  # type: ignore[return-value]


class Graph:
    """Builds a workflow in few words, and runs it."""

    def __init__(self, registry: NodeRegistry) -> None:
        self.registry = registry
        self.workflow = Workflow()
        self.executor = Executor(registry)
        self.events: list[Event] = []

    def add(self, id: str, kind: str, state: Any = "on", /, **settings: Any) -> Graph:
        self.workflow.apply(AddNode(Node(id=id, type=f"t.{kind}", state=state, settings=settings)))
        return self

    def link(self, source: str, target: str) -> Graph:
        self.workflow.apply(Connect(Link(*source.split("."), *target.split("."))))
        return self

    def chain(self, length: int) -> Graph:
        """A number and `length - 1` additions, "n0" to the last."""
        self.add("n0", "number")
        for index in range(1, length):
            self.add(f"n{index}", "add").link(f"n{index - 1}.int", f"n{index}.left")
        return self

    def run(self, *targets: str, cancel: CancelToken | None = None, **options: Any) -> RunResult:
        self.events.clear()
        return self.executor.run(
            self.workflow, targets=targets or None, cancel=cancel, emit=self.events.append, **options
        )

    def value(self, target: str) -> object:
        """Run for one output."""
        node, output = target.split(".")
        return self.run(node).outputs[node, output]

    def of(self, kind: type) -> list[Any]:
        """The events of one kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def registry() -> NodeRegistry:
    found = NodeRegistry()
    for function in (number, add, halves, text, pick, show, read, write, steps, sketch, fail, lie):
        found.register(function.spec)
    return found


@pytest.fixture
def graph(registry: NodeRegistry) -> Graph:
    return Graph(registry)


@pytest.fixture
def calls() -> Counter[str]:
    CALLS.clear()
    return CALLS


@pytest.fixture
def new_graph(registry: NodeRegistry) -> Callable[[], Graph]:
    return lambda: Graph(registry)
