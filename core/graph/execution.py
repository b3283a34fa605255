"""Running a workflow: plan, validate everything, then call only what no cache can answer.

Iterative throughout; the cost grows linearly with the nodes that the targets need.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from core.cancellation import CancelToken
from core.errors import Cancelled, InputError, LoomError
from core.events import (
    Event,
    NodeFailed,
    NodeFinished,
    NodeNoted,
    NodeStarted,
    RunCancelled,
    RunFailed,
    RunFinished,
    RunStarted,
    StepTaken,
)
from core.graph import workflow_file
from core.graph.cache import ByteBoundedCache, CacheEntry
from core.graph.keys import key_of
from core.graph.node_spec import NodeRegistry, NodeSpec
from core.graph.plan import Plan, make_plan
from core.graph.run_context import RunContext
from core.graph.settings import SettingValue
from core.graph.sweep import Cell, cells
from core.graph.validation import InvalidWorkflowError, name_of, problems_of
from core.graph.values import summary_of
from core.graph.workflow import Node, Workflow

Outputs = Mapping[tuple[str, str], object]
Emit = Callable[[Event], None]


class MemoryMeter(Protocol):
    """Measures the device memory that one node uses; given by whoever owns the device."""

    def start(self) -> None:
        """Forget earlier peaks."""

    def peak(self) -> int | None:
        """Return the most bytes in use since `start`, or None when that is unknown."""


@dataclass(frozen=True)
class GridCell:
    """The targets' results for one combination of swept values."""

    values: Cell
    outputs: Outputs


@dataclass(frozen=True)
class RunResult:
    """What a run made.

    Attributes:
        outputs: The targets' results by (node, output); of the last cell, if settings were swept.
        grid: Every cell of the sweeps, in order; one cell without any.
        written: Files that nodes which ran reported as written, in order.
        ran: How many functions were called.
        seconds: Wall-clock time.
    """

    outputs: Outputs
    grid: tuple[GridCell, ...]
    written: tuple[Path, ...]
    ran: int
    seconds: float


def ignore(event: Event) -> None:
    """Take an event and do nothing."""


class Executor:
    """Runs workflows one at a time, with a cache that outlives runs and edits.

    Attributes:
        registry: The kinds of nodes there are.
        cache: Results by key.
    """

    def __init__(
        self, registry: NodeRegistry, cache: ByteBoundedCache | None = None, *, meter: MemoryMeter | None = None
    ) -> None:
        self.registry = registry
        self.cache = cache if cache is not None else ByteBoundedCache()
        self._meter = meter
        self._keys: dict[str, str] = {}

    def run(
        self,
        workflow: Workflow,
        *,
        targets: Iterable[str] | None = None,
        cancel: CancelToken | None = None,
        emit: Emit = ignore,
        output_folder: Path = Path("output"),
    ) -> RunResult:
        """Make the results of `targets` (None: every node that no link leaves).

        `workflow` must not change meanwhile: pass a `copy()` when another thread edits it. What was finished
        before a failure or a cancel stays in the cache.

        Raises:
            InvalidWorkflowError: It cannot run; a `NodeFailed` for each problem and a `RunFailed` were emitted.
            LoomError: A node failed; its `NodeFailed` and a `RunFailed` were emitted.
            Cancelled: A person asked for it; a `RunCancelled` was emitted.
        """
        try:
            return self._run(workflow, targets, cancel or CancelToken(), emit, output_folder)
        except Cancelled:
            emit(RunCancelled())
            raise
        except LoomError as error:
            emit(RunFailed(error))
            raise

    def peek(self, node: str) -> Mapping[str, object] | None:
        """Return a node's results of its latest run by output name, or None when the cache lost them."""
        key = self._keys.get(node)
        entry = self.cache.peek(key) if key is not None else None
        return None if entry is None else entry.outputs

    def _run(
        self,
        workflow: Workflow,
        targets: Iterable[str] | None,
        cancel: CancelToken,
        emit: Emit,
        output_folder: Path,
    ) -> RunResult:
        """Validate, then run each cell of the sweeps (one, usually)."""
        began = time.perf_counter()
        wanted = None if targets is None else tuple(targets)
        known = None if wanted is None else tuple(id for id in wanted if id in workflow.nodes)
        plan = make_plan(workflow, self.registry, known)
        problems = problems_of(workflow, self.registry, plan, wanted)
        if problems:
            for problem in problems:
                if problem.node is not None:
                    emit(NodeFailed(problem.node, problem.port, problem.to_error()))
            raise InvalidWorkflowError(tuple(problems))
        grid = list(cells(workflow, plan.order))
        emit(RunStarted(len(plan.order) * len(grid)))
        done: list[GridCell] = []
        written: list[Path] = []
        ran = 0
        for values, variant in grid:
            run = _Run(self, variant, plan, cancel, emit, output_folder)
            self._keys.update(run.keys)
            done.append(GridCell(values, run.execute()))
            written += run.written
            ran += run.ran
        seconds = time.perf_counter() - began
        emit(RunFinished(seconds))
        return RunResult(done[-1].outputs, tuple(done), tuple(written), ran, seconds)

    def measured(self, call: Callable[[], Any]) -> tuple[Any, int | None]:
        """Call a node's function and return its result with the peak of device memory, where that is measured."""
        if self._meter is None:
            return call(), None
        self._meter.start()
        return call(), self._meter.peak()


@dataclass
class _Job:
    """One node of a run, everything looked up."""

    node: Node
    spec: NodeSpec
    settings: dict[str, SettingValue]


@dataclass
class _Run:
    """One pass over a plan.

    Attributes:
        keys: Every node's cache key.
        ran: How many functions were called so far.
        written: Files that nodes reported as written so far.
    """

    executor: Executor
    workflow: Workflow
    plan: Plan
    cancel: CancelToken
    emit: Emit
    output_folder: Path
    keys: dict[str, str] = field(default_factory=dict)
    ran: int = 0
    written: list[Path] = field(default_factory=list)
    _jobs: dict[str, _Job] = field(default_factory=dict)
    _held: dict[str, Mapping[str, object]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for id in self.plan.order:
            node = self.workflow.nodes[id]
            spec = self.executor.registry.get(node.type)
            assert spec is not None, "validation lets no unknown kind through"
            settings = {
                name: setting.parse(node.settings.get(name, setting.default_json))
                for name, setting in spec.settings.items()
            }
            self._jobs[id] = _Job(node, spec, settings)
            self.keys[id] = self._key(id, spec, settings)

    def execute(self) -> Outputs:
        """Run what has to run, in order, and return the targets' results."""
        to_run = self._demand()
        uses = Counter(source.node for id in to_run for source in self.plan.inputs[id].values())
        uses.update(self.plan.targets)
        for id in self.plan.order:
            self.cancel.check()
            if id in to_run:
                self._held[id] = self._call(id)
                self._release(id, uses)
            else:
                self._report_cached(id)
        return {(id, name): value for id in self.plan.targets for name, value in self._held[id].items()}

    def _key(self, id: str, spec: NodeSpec, settings: dict[str, SettingValue]) -> str:
        """Return a node's key; its sources' keys are there already."""
        try:
            return key_of(id, spec, settings, self.plan.inputs[id], self.keys, self.output_folder)
        except OSError as error:
            unreadable = InputError(
                f'A file of "{name_of(self.workflow, self.executor.registry, id)}" cannot be read.',
                why=f"The system says: {error.strerror or error}.",
                fix="Choose a file that can be read.",
                node=id,
            )
            self.emit(NodeFailed(id, None, unreadable))
            raise unreadable from error

    def _demand(self) -> set[str]:
        """Walk back from the targets; hold what the cache has of what is needed, return the nodes that must run."""
        needed = set(self.plan.targets)
        to_run: set[str] = set()
        for id in reversed(self.plan.order):
            if id not in needed:
                continue
            entry = self.executor.cache.get(self.keys[id])
            if entry is not None:
                self._held[id] = entry.outputs
            else:
                to_run.add(id)
                needed.update(source.node for source in self.plan.inputs[id].values())
        return to_run

    def _report_cached(self, id: str) -> None:
        """Say that a node did not have to run."""
        entry = self.executor.cache.peek(self.keys[id]) or CacheEntry(self._held.get(id, {}))
        for text in entry.notes:
            self.emit(NodeNoted(id, text))
        self._report(id, entry, 0.0, None, cached=True)

    def _report(self, id: str, entry: CacheEntry, seconds: float, peak: int | None, *, cached: bool) -> None:
        """Say that a node's results are there."""
        summary = summary_of(entry.outputs)
        self.emit(NodeFinished(id, seconds, peak, cached, summary, entry.outputs, entry.preview, entry.written))

    def _release(self, id: str, uses: Counter[str]) -> None:
        """Let go of values that nobody in this run will ask for again; the cache keeps what it has room for."""
        for source in self.plan.inputs[id].values():
            uses[source.node] -= 1
            if uses[source.node] == 0:
                self._held.pop(source.node, None)

    def _call(self, id: str) -> Mapping[str, object]:
        """Run one node, unless an equal one did a moment ago, and keep its results."""
        entry = self.executor.cache.peek(self.keys[id])
        if entry is not None:
            self.emit(NodeFinished(id, 0.0, None, True, summary_of(entry.outputs), entry.outputs))
            return entry.outputs
        self.emit(NodeStarted(id))
        began = time.perf_counter()
        context = self._context(id)
        try:
            outputs, peak = self._outputs(id, context)
        except LoomError as error:
            error.at(node=id)
            self.emit(NodeFailed(id, error.port, error))
            raise
        self.ran += 1
        self.written += context.written
        entry = CacheEntry(outputs, tuple(context.written), tuple(context.notes), context.preview)
        self.executor.cache.put(self.keys[id], entry)
        self._report(id, entry, time.perf_counter() - began, peak, cached=False)
        return outputs

    def _context(self, id: str) -> RunContext:
        """Make what the node may ask of this run."""
        return RunContext(
            cancel=self.cancel,
            node=id,
            output_folder=self.output_folder,
            on_step=lambda done, total, preview: self.emit(StepTaken(id, done, total, preview)),
            on_note=lambda text: self.emit(NodeNoted(id, text)),
            workflow_text=lambda: workflow_file.dumps(self.workflow),
        )

    def _outputs(self, id: str, context: RunContext) -> tuple[dict[str, object], int | None]:
        """Call a node's function and sort its results by output name."""
        job = self._jobs[id]
        arguments: dict[str, Any] = dict(job.settings)
        for name, source in self.plan.inputs[id].items():
            arguments[name] = self._held[source.node][source.output]
        if job.spec.context is not None:
            arguments[job.spec.context] = context
        try:
            positional = [arguments.pop(port.name, None) for port in job.spec.inputs]
            result, peak = self.executor.measured(lambda: job.spec.function(*positional, **arguments))
            return _named(job.spec, result), peak
        except (LoomError, Cancelled):
            raise
        except Exception as error:  # the border: whatever a node raises becomes an error that names the node
            name = name_of(self.workflow, self.executor.registry, id)
            raise LoomError(
                f'"{name}" stopped with {type(error).__name__}: {error}',
                why="The node met something that it was not written for.",
                fix="Check its inputs and settings; if they are right, report this with the log.",
                node=id,
            ) from error


def _named(spec: NodeSpec, result: Any) -> dict[str, object]:
    """Return a function's result by output name.

    Raises:
        TypeError: The function returned something else than it declared.
    """
    if not spec.outputs:
        values: tuple[object, ...] = ()
    else:
        values = tuple(result) if hasattr(type(result), "_fields") else (result,)
    if len(values) != len(spec.outputs):
        raise TypeError(f'"{spec.id}" returned {len(values)} values and declares {len(spec.outputs)}.')
    for port, value in zip(spec.outputs, values, strict=True):
        if not isinstance(value, port.type) and not (port.type is float and isinstance(value, int)):
            raise TypeError(f'"{spec.id}" returned {type(value).__name__} as "{port.name}", not {port.type.__name__}.')
    return {port.name: value for port, value in zip(spec.outputs, values, strict=True)}
