"""The panel of the selected node."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from app.main_window import MainWindow
from app.panels.controls import SeedControl
from core.graph.edits import AddNode, SetSetting
from core.graph.workflow import Node

OpenWindow = Callable[..., MainWindow]


@pytest.fixture
def window(open_window: OpenWindow) -> MainWindow:
    return open_window()


def test_it_follows_the_selection(window: MainWindow) -> None:
    window.canvas.select(["steps"])
    assert list(window.properties.rows) == ["count"]
    window.canvas.select(["steps", "amount"])
    assert not window.properties.rows
    window.canvas.select([])
    assert not window.properties.rows


def test_typing_a_seed_is_one_undo_step(window: MainWindow) -> None:
    control = window.properties.rows["seed"].control
    assert isinstance(control, SeedControl)
    control.field.selectAll()
    QTest.keyClicks(control.field, "12345")
    assert window.document.workflow.nodes["prompt"].settings["seed"] == 12345
    window.document.undo()
    assert "seed" not in window.document.workflow.nodes["prompt"].settings
    assert control.field.text() == "0"


def test_reset_gives_the_default_back(window: MainWindow) -> None:
    window.canvas.select(["amount"])
    row = window.properties.rows["value"]
    window.document.do(SetSetting("amount", "value", 9))
    row.reset.emit("value")
    assert "value" not in window.document.workflow.nodes["amount"].settings


def test_a_title_of_ones_own_is_an_edit(window: MainWindow) -> None:
    title = window.properties.findChild(QLineEdit, "title")
    assert isinstance(title, QLineEdit)
    title.setText("My words")
    title.editingFinished.emit()
    assert window.document.workflow.nodes["prompt"].title == "My words"
    assert window.canvas.view.cards["prompt"].title == "My words"
    title.setText("Words")
    title.editingFinished.emit()
    assert window.document.workflow.nodes["prompt"].title is None


def test_removing_the_shown_node_empties_the_panel(window: MainWindow) -> None:
    window.canvas.remove_selected()
    assert not window.properties.rows
    window.document.undo()
    window.canvas.select(["prompt"])
    assert "text" in window.properties.rows


def test_several_nodes_of_one_kind_are_set_together_and_undone_at_once(open_window: OpenWindow) -> None:
    window = open_window(wait=False)
    document = window.document
    document.do(AddNode(Node(id="more", type="test.steps", settings={"count": 9}, position=(0.0, 400.0))))
    window.canvas.select(["steps", "more"])
    row = window.properties.rows["count"]
    assert "differ" in row._label.text()
    for value in (20, 21):
        row.changed.emit("count", value)
    assert [document.workflow.nodes[id].settings["count"] for id in ("steps", "more")] == [21, 21]
    assert "differ" not in row._label.text()
    document.undo()
    assert [document.workflow.nodes[id].settings["count"] for id in ("steps", "more")] == [5, 9]
    window.canvas.select(["steps", "paint"])
    assert not window.properties.rows
