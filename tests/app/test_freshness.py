"""Results that no longer belong to the workflow look so, and only those."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from app.catalogue import Catalogue
from app.freshness import fingerprints
from app.main_window import MainWindow
from core.graph.edits import AddNode, Connect, MoveNodes, Rename, SetSetting, SetState
from core.graph.workflow import Link, Node, Workflow

OpenWindow = Callable[..., MainWindow]


def run(window: MainWindow, qtbot: QtBot) -> None:
    window.run()
    qtbot.waitUntil(lambda: not window.monitor.running)
    assert window.monitor.outcome == "finished"


def stale(window: MainWindow) -> set[str]:
    return {id for id, card in window.canvas.view.cards.items() if card.state.stale}


def level(image: QImage | None) -> int:
    assert image is not None
    return image.pixelColor(0, 0).red()


def differing(workflow: Workflow, catalogue: Catalogue, edits: Iterable[object]) -> set[str]:
    before = fingerprints(workflow, catalogue)
    for edit in edits:
        workflow.apply(edit)  # type: ignore[arg-type]
    after = fingerprints(workflow, catalogue)
    return {id for id in before if before[id] != after.get(id)}


def test_an_edit_differs_downstream_only(catalogue: Catalogue, open_window: OpenWindow) -> None:
    workflow = open_window().document.workflow.copy()
    downstream = {"prompt", "steps", "paint", "last"}
    assert differing(workflow, catalogue, [SetSetting("prompt", "text", "other")]) == downstream
    assert differing(workflow, catalogue, [SetState("paint", "muted")]) == {"paint", "last"}
    assert not differing(workflow, catalogue, [MoveNodes({"amount": (5.0, 5.0)}), Rename("amount", "Mine")])
    assert not differing(workflow, catalogue, [SetSetting("amount", "value", 3)]), "the default spelled out"


def test_long_chains_and_circles_have_fingerprints(catalogue: Catalogue) -> None:
    workflow = Workflow()
    for index in range(3000):
        workflow.apply(AddNode(Node(id=str(index), type="test.words")))
        if index:
            workflow.apply(Connect(Link(str(index - 1), "amount", str(index), "amount")))
    assert len(set(fingerprints(workflow, catalogue).values())) == 3000
    workflow.apply(Connect(Link("2999", "amount", "0", "amount")))
    assert len(fingerprints(workflow, catalogue)) == 3000


def test_an_edit_dims_what_depends_on_it_until_it_is_taken_back(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window()
    run(window, qtbot)
    assert not stale(window)
    window.document.do(SetSetting("prompt", "text", "longer"))
    assert stale(window) == {"prompt", "steps", "paint", "last"}
    assert window.preview.view.stale
    assert "out of date" in window.preview.caption
    window.document.undo()
    assert not stale(window)
    assert not window.preview.view.stale


def test_a_cached_run_shows_the_pictures_of_its_own_results(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(count=7)
    run(window, qtbot)
    first = level(window.canvas.view.cards["steps"].state.preview)
    window.document.do(SetSetting("steps", "count", 9))
    run(window, qtbot)
    assert level(window.canvas.view.cards["steps"].state.preview) != first
    window.document.undo()
    run(window, qtbot)
    state = window.canvas.view.cards["steps"].state
    assert state.cached
    assert level(state.preview) == first


def test_a_cancelled_node_keeps_no_half_made_picture(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(count=100_000)
    window.run()
    qtbot.waitUntil(lambda: window.canvas.view.cards["steps"].state.preview is not None)
    window.cancel()
    qtbot.waitUntil(lambda: not window.monitor.running)
    assert window.canvas.view.cards["steps"].state.preview is None


def test_what_is_edited_while_it_runs_is_stale_when_it_is_done(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(count=60)
    window.run()
    qtbot.waitUntil(lambda: window.canvas.view.cards["steps"].state.done > 0)
    window.document.do(SetSetting("prompt", "text", "other"))
    qtbot.waitUntil(lambda: not window.monitor.running)
    assert stale(window) == {"prompt", "steps", "paint", "last"}


def test_another_workflow_starts_without_a_picture(open_window: OpenWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_window()
    run(window, qtbot)
    shutil.copy(tmp_path / "trivial.json", tmp_path / "other.json")
    window.files.open(tmp_path / "other.json")
    assert window.preview.view.image is None
    assert all(card.state.preview is None for card in window.canvas.view.cards.values())
