"""A window over a small registry of real, trivial nodes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest
from PySide6.QtCore import QRect
from pytestqt.qtbot import QtBot

from app import main_window
from app.catalogue import Catalogue, catalogue_of
from app.main_window import MainWindow, fit_screen
from app.runtime.worker import Worker
from app.settings import Settings
from app.theme import apply_theme
from core.errors import InputError
from core.graph import workflow_file
from core.graph.edits import AddNode, Connect
from core.graph.node_spec import NodeRegistry, RunContext, Setting, node
from core.graph.workflow import Link, Node, Workflow


@dataclass(frozen=True)
class Amount:
    value: int


@dataclass(frozen=True)
class Picture:
    level: int

    def to_uint8(self) -> Any:
        return np.full((1, 8, 12, 3), self.level % 256, np.uint8)


@node(id="test.amount", title="Amount", category="Load")
def amount(*, value: Annotated[int, Setting(min=0, max=1000, unit="px", shown=True)] = 3) -> Amount:
    """Give an amount."""
    return Amount(value)


@node(id="test.words", title="Words", category="Condition")
def words(
    amount: Amount,
    *,
    text: Annotated[str, Setting(widget="multiline", shown=True, max_length=50)] = "",
    seed: Annotated[int, Setting(min=0, max=2**32 - 1, widget="seed", shown=True)] = 0,
    kind: Annotated[str, Setting(choices=("plain", "loud"))] = "plain",
    run: RunContext,
) -> Amount:
    """Count letters."""
    if "penguin" in text:
        run.note("Not among the words: penguin.")
    return Amount(amount.value + len(text))


@node(id="test.steps", title="Steps", category="Sample")
def steps(
    amount: Amount, *, count: Annotated[int, Setting(min=1, max=100_000, shown=True)] = 5, run: RunContext
) -> Amount:
    """Work in steps of a few milliseconds."""
    for done in range(1, count + 1):
        time.sleep(0.004)
        run.step(done, count, np.full((4, 4, 3), done % 256, np.uint8))
    return amount


@node(id="test.paint", title="Paint", category="Decode")
def paint(amount: Amount) -> Picture:
    """Paint one grey."""
    return Picture(amount.value)


@node(id="test.show", title="Show", category="Image")
def show(picture: Picture) -> None:
    """Take a picture."""


@node(id="test.fail", title="Fail", category="Image")
def fail(picture: Picture, *, how: Annotated[str, Setting(choices=("mistake", "crash"))] = "mistake") -> None:
    """Fail always."""
    if how == "crash":
        raise ValueError("a crash")
    raise InputError("It failed.", why="It always does.", fix="Do not use it.", port="how")


@node(id="test.write", title="Write", category="Image", writes_files=True)
def write(picture: Picture, *, run: RunContext) -> None:
    """Write a file."""
    run.output_folder.mkdir(exist_ok=True)
    path = run.output_folder / "grey.txt"
    path.write_text(str(picture.level), encoding="utf-8")
    run.wrote(path)


def make_registry() -> NodeRegistry:
    registry = NodeRegistry()
    for each in (amount, words, steps, paint, show, fail, write):
        registry.register(each.spec)
    return registry


def make_workflow(count: int = 5, last: str = "test.show") -> Workflow:
    """amount -> words -> steps -> paint -> last"""
    workflow = Workflow("Trivial")
    kinds = {
        "amount": "test.amount",
        "prompt": "test.words",
        "steps": "test.steps",
        "paint": "test.paint",
        "last": last,
    }
    for index, (id, kind) in enumerate(kinds.items()):
        settings = {"text": "hello"} if id == "prompt" else {"count": count} if id == "steps" else {}
        workflow.apply(AddNode(Node(id=id, type=kind, position=(232.0 * index, 0.0), settings=settings)))
    for source, output, target, port in (
        ("amount", "amount", "prompt", "amount"),
        ("prompt", "amount", "steps", "amount"),
        ("steps", "amount", "paint", "amount"),
        ("paint", "picture", "last", "picture"),
    ):
        workflow.apply(Connect(Link(source, output, target, port)))
    return workflow


@pytest.fixture
def catalogue() -> Catalogue:
    return catalogue_of(make_registry())


@pytest.fixture
def save_workflow(tmp_path: Path) -> Callable[..., Path]:
    """Write a trivial workflow to a file."""

    def write(**parts: Any) -> Path:
        path = tmp_path / "trivial.json"
        workflow_file.save(make_workflow(**parts), path)
        return path

    return write


@pytest.fixture
def registry() -> NodeRegistry:
    return make_registry()


@pytest.fixture
def open_window(
    qtbot: QtBot,
    qapp: Any,
    tmp_path: Path,
    catalogue: Catalogue,
    save_workflow: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[..., MainWindow]]:
    """Open a shown window on a trivial workflow, its engine ready unless told otherwise."""
    apply_theme(qapp)
    screen = QRect(0, 0, 1920, 1080)  # the offscreen platform's own is smaller than the window
    monkeypatch.setattr(main_window, "fit_screen", lambda window, _room: fit_screen(window, screen))
    windows: list[MainWindow] = []

    def make_worker(post: Callable[[object], None]) -> Worker:
        return Worker(post, make_registry=make_registry, name_device=lambda: "a device")

    def make(*, wait: bool = True, **parts: Any) -> MainWindow:
        window = MainWindow(Settings(tmp_path / "settings.ini"), make_worker=make_worker, catalogue=catalogue)
        windows.append(window)
        window.show()
        window.document.open(save_workflow(**parts))
        window.show_prompt()
        if wait:
            qtbot.waitUntil(lambda: window.engine_ready)
        return window

    yield make
    for window in windows:
        for tab in window.tabs.all:
            tab.document.history.mark_clean()
        window.close()
        assert not window.worker.alive
        window.deleteLater()
    assert not [thread for thread in threading.enumerate() if thread.name == "loom-worker"]


@pytest.fixture
def other(tmp_path: Path, save_workflow: Callable[..., Path]) -> Path:
    """Another trivial workflow, in another folder."""
    path = tmp_path / "elsewhere" / "second.json"
    path.parent.mkdir()
    path.write_bytes(save_workflow().read_bytes())
    return path
