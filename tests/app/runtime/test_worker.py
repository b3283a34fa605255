"""The thread that runs workflows."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from app.runtime.messages import EngineFailed, EngineReady, PictureMade
from app.runtime.worker import Worker
from core.events import NodeFinished, RunCancelled, RunFinished, StepTaken
from core.graph import workflow_file
from core.graph.edits import RemoveNode
from core.graph.node_spec import NodeRegistry


class Inbox:
    """Collects messages and wakes whoever waits for a kind of them."""

    def __init__(self) -> None:
        self.messages: list[object] = []
        self._changed = threading.Condition()

    def post(self, message: object) -> None:
        with self._changed:
            self.messages.append(message)
            self._changed.notify_all()

    def wait_for(self, kind: type, count: int = 1) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.count(kind) >= count, timeout=60), self.messages

    def count(self, kind: type) -> int:
        return sum(isinstance(message, kind) for message in self.messages)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


def test_it_announces_the_engine_then_runs_and_sends_pixels(
    inbox: Inbox, registry: NodeRegistry, save_workflow: Callable[..., Path]
) -> None:
    worker = Worker(inbox.post, make_registry=lambda: registry, name_device=lambda: "a device")
    worker.start()
    worker.run(workflow_file.load(save_workflow()).workflow)
    inbox.wait_for(RunFinished)
    worker.close()
    assert isinstance(inbox.messages[0], EngineReady)
    assert inbox.count(PictureMade) == 1
    assert all(not each.outputs for each in inbox.messages if isinstance(each, NodeFinished))
    assert not worker.busy
    assert not worker.alive


def test_a_run_is_a_copy_of_the_workflow_as_it_was(
    inbox: Inbox, registry: NodeRegistry, save_workflow: Callable[..., Path]
) -> None:
    workflow = workflow_file.load(save_workflow()).workflow
    worker = Worker(inbox.post, make_registry=lambda: registry, name_device=lambda: "a device")
    worker.run(workflow)
    workflow.apply(RemoveNode("paint"))
    worker.start()
    inbox.wait_for(RunFinished)
    worker.close()


def test_cancel_stops_the_present_run_and_those_that_wait(
    inbox: Inbox, registry: NodeRegistry, save_workflow: Callable[..., Path]
) -> None:
    workflow = workflow_file.load(save_workflow(count=100_000)).workflow
    worker = Worker(inbox.post, make_registry=lambda: registry, name_device=lambda: "a device")
    worker.start()
    worker.run(workflow)
    worker.run(workflow)
    inbox.wait_for(StepTaken)
    worker.cancel()
    inbox.wait_for(RunCancelled, 2)
    assert inbox.count(RunFinished) == 0
    worker.close()


def test_an_engine_that_cannot_be_imported_is_told(inbox: Inbox) -> None:
    def broken() -> NodeRegistry:
        raise ImportError("no module named engine")

    worker = Worker(inbox.post, make_registry=broken)
    worker.start()
    inbox.wait_for(EngineFailed)
    worker.close()
    (message,) = inbox.messages
    assert isinstance(message, EngineFailed)
    assert "no module named engine" in message.error.why


def test_close_before_start_and_twice_is_harmless(inbox: Inbox) -> None:
    worker = Worker(inbox.post)
    worker.close()
    worker.close()
    assert not worker.alive
