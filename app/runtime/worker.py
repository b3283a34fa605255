"""The one thread that owns the device: it imports the nodes, then runs workflows from a queue, one at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from app.catalogue import catalogue_of
from app.runtime.messages import EngineFailed, EngineReady, PictureMade
from core.cancellation import CancelToken
from core.errors import Cancelled, LoomError
from core.events import Event, NodeFinished, RunCancelled
from core.graph.execution import Executor
from core.graph.node_spec import NodeRegistry
from core.graph.workflow import Workflow

Post = Callable[[object], None]


def installed_nodes() -> NodeRegistry:
    """Import every node, and torch with them: takes seconds, so only the worker's thread may call it."""
    # Here, because the window must be painted before torch is imported.
    import nodes
    from core.device import leave_a_core

    leave_a_core()
    return nodes.registry()


def device_name() -> str:
    """Name of what computes, for people."""
    import torch  # as above

    if torch.cuda.is_available():
        return torch.cuda.get_device_name(0)
    threads = torch.get_num_threads()
    return f"CPU, no GPU · {threads} thread{'s' if threads > 1 else ''}"


@dataclass(frozen=True)
class _Run:
    workflow: Workflow
    targets: tuple[str, ...] | None
    output_folder: Path
    cancel: CancelToken


class Worker:
    """A plain thread with a queue.

    `post` is called on the worker's thread with core's events and with `app.runtime.messages`.

    Args:
        post: Takes each message; must return at once.
        make_registry: Imports the nodes, on the worker's thread.
        name_device: Names the device, on the worker's thread.
    """

    def __init__(
        self,
        post: Post,
        *,
        make_registry: Callable[[], NodeRegistry] = installed_nodes,
        name_device: Callable[[], str] = device_name,
    ) -> None:
        self._post = post
        self._make_registry, self._name_device = make_registry, name_device
        self._runs: SimpleQueue[_Run | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._open: list[_Run] = []
        self._closed = False
        self._executor: Executor | None = None
        self._thread = threading.Thread(target=self._work, name="loom-worker")

    def start(self) -> None:
        """Start the thread, which imports the nodes first."""
        self._thread.start()

    def run(
        self,
        workflow: Workflow,
        *,
        targets: tuple[str, ...] | None = None,
        output_folder: Path = Path("output"),
        cancel: CancelToken | None = None,
    ) -> None:
        """Queue a run of a copy of `workflow` as it is now. The caller knows that it is queued: no event says so.

        `cancel` stops this one run.
        """
        run = _Run(workflow.copy(), targets, output_folder, cancel or CancelToken())
        with self._lock:
            if self._closed:
                return
            self._open.append(run)
        self._runs.put(run)

    def cancel(self) -> None:
        """Stop the present run at its next step, and every run that waits."""
        with self._lock:
            for run in self._open:
                run.cancel.cancel()

    @property
    def busy(self) -> bool:
        """Whether a run goes on or waits."""
        with self._lock:
            return bool(self._open)

    @property
    def alive(self) -> bool:
        """Whether the thread is there."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Cancel everything and wait until the thread has ended. Safe to call again."""
        with self._lock:
            self._closed = True
        self.cancel()
        self._runs.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        if not self._load():
            return
        while (run := self._runs.get()) is not None:
            self._carry_out(run)
            with self._lock:
                self._open.remove(run)

    def _load(self) -> bool:
        try:
            registry = self._make_registry()
            catalogue, device = catalogue_of(registry), self._name_device()
        except Exception as error:  # noqa: BLE001 - the thread's border: an import can fail in any way
            self._post(EngineFailed(_engine_error(error)))
            return False
        self._executor = Executor(registry)
        self._post(EngineReady(catalogue, device))
        return True

    def _carry_out(self, run: _Run) -> None:
        if run.cancel.cancelled:
            self._post(RunCancelled())
            return
        assert self._executor is not None
        try:
            self._executor.run(
                run.workflow,
                targets=run.targets,
                cancel=run.cancel,
                emit=self._forward,
                output_folder=run.output_folder,
            )
        except (LoomError, Cancelled):
            return  # the executor has emitted it

    def _forward(self, event: Event) -> None:
        """Pass an event on; results stay on this side, pictures among them go over as plain pixels."""
        if isinstance(event, NodeFinished):
            outputs: Any = event.outputs
            if not outputs and self._executor is not None:
                outputs = self._executor.peek(event.node) or {}
            for value in outputs.values():
                if (to_uint8 := getattr(value, "to_uint8", None)) is not None:
                    self._post(PictureMade(event.node, to_uint8()))
                    break
            event = replace(event, outputs={})
        self._post(event)


def _engine_error(error: Exception) -> LoomError:
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    result = LoomError(
        "The engine could not be loaded, so nothing can be run.",
        why=f'The package "{missing}" is missing.' if missing else f"{type(error).__name__}: {error}.",
        fix='Run "python3 bootstrap.py" again, which repairs the installation, and restart.',
    )
    result.__cause__ = error
    return result
