"""Settings are edited in their place on the card."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPlainTextEdit, QSpinBox

from app.editor.canvas import Canvas
from app.editor.card_layout import lay_out, seed_buttons
from app.main_window import MainWindow
from core.graph.edits import RemoveNode, SetSetting
from core.graph.workflow import Node

OpenWindow = Callable[..., MainWindow]
DoubleClick = Callable[[Canvas, QPointF], None]
CTRL = Qt.KeyboardModifier.ControlModifier

# NodeGraphQt asks mouse events for pos(), which Qt 6 calls deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:.*is marked as deprecated:DeprecationWarning")


@pytest.fixture
def window(open_window: OpenWindow) -> MainWindow:
    window = open_window()
    window.activateWindow()
    return window


@pytest.fixture
def open_setting(window: MainWindow, double_click: DoubleClick) -> Callable[[str, str], QPlainTextEdit | QSpinBox]:
    """Double-click a setting on a card and return the field that opens."""

    def act(node: str, name: str) -> QPlainTextEdit | QSpinBox:
        card = window.canvas.view.cards[node]
        setting = card.card.setting(name)
        assert setting is not None
        double_click(window.canvas, card.place_of(setting).center())
        assert window.canvas.editor.control is not None
        field = window.canvas.editor.control.focusProxy()
        assert isinstance(field, (QPlainTextEdit, QSpinBox))
        assert field.hasFocus()
        return field

    return act


def text(window: MainWindow) -> object:
    return window.document.workflow.nodes["prompt"].settings.get("text")


def test_letters_typed_on_the_card_are_text_and_no_shortcuts(window: MainWindow, open_setting: Callable) -> None:
    field = open_setting("prompt", "text")
    QTest.keyClicks(field, "a bomb")
    QTest.keyClick(field, Qt.Key.Key_A, CTRL)
    QTest.keyClick(field, Qt.Key.Key_Return)
    QTest.keyClicks(field, "two mobs")
    assert window.canvas.selected() == ["prompt"]
    QTest.keyClick(field, Qt.Key.Key_Return, CTRL)
    assert text(window) == "\ntwo mobs"
    assert {node.state for node in window.document.workflow.nodes.values()} == {"on"}
    assert window.canvas.editor.control is None
    assert not window.monitor.running
    window.document.undo()
    assert text(window) == "hello"
    assert not window.document.history.can_undo


def test_escape_gives_up_and_leaving_finishes(window: MainWindow, open_setting: Callable) -> None:
    field = open_setting("prompt", "text")
    QTest.keyClicks(field, "something")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert text(window) == "hello"
    assert window.canvas.editor.control is None
    QTest.keyClicks(open_setting("prompt", "text"), "something")
    window.library.search.setFocus()
    assert text(window) == "something"


def test_numbers_are_edited_with_arrows_or_typed(window: MainWindow, open_setting: Callable) -> None:
    field = open_setting("steps", "count")
    QTest.keyClick(field, Qt.Key.Key_Up)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert window.document.workflow.nodes["steps"].settings["count"] == 6
    field = open_setting("steps", "count")
    QTest.keyClicks(field, "42")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert window.document.workflow.nodes["steps"].settings["count"] == 42


def test_enter_on_a_selected_card_opens_its_text(window: MainWindow) -> None:
    window.canvas.select(["prompt"])
    window.canvas.viewer.setFocus()
    QTest.keyClick(window.canvas.viewer, Qt.Key.Key_Return)
    control = window.canvas.editor.control
    assert control is not None
    assert control.setting.name == "text"


def test_the_field_lies_over_the_card_and_follows_the_view(window: MainWindow, open_setting: Callable) -> None:
    window.canvas.viewer.zoom(2.0)
    open_setting("prompt", "text")
    control, card = window.canvas.editor.control, window.canvas.view.cards["prompt"]
    assert control is not None
    for factor in (1.0, 0.7):
        window.canvas.viewer.zoom(factor)
        painted = window.canvas.viewer.mapFromScene(card.place_of(control.setting)).boundingRect()
        assert control.geometry().intersects(painted)
        assert window.canvas.viewer.viewport().rect().contains(control.geometry())


def test_a_shortcut_of_the_window_finishes_the_edit_first(window: MainWindow, open_setting: Callable) -> None:
    field = open_setting("prompt", "text")
    QTest.keyClicks(field, "saved too")
    QTest.keyClick(field, Qt.Key.Key_S, CTRL)
    assert text(window) == "saved too"
    assert window.document.clean


def test_a_field_whose_node_goes_away_closes(window: MainWindow, open_setting: Callable) -> None:
    QTest.keyClicks(open_setting("prompt", "text"), "lost")
    window.document.do(RemoveNode("prompt"))
    assert window.canvas.editor.control is None


def test_a_sweep_has_no_field_on_the_card(window: MainWindow, double_click: DoubleClick) -> None:
    window.document.do(SetSetting("steps", "count", {"sweep": [1, 2]}))
    card = window.canvas.view.cards["steps"]
    setting = card.card.setting("count")
    assert setting is not None
    double_click(window.canvas, card.place_of(setting).center())
    assert window.canvas.editor.control is None


def test_a_click_on_the_text_leads_to_its_field_in_the_panel(window: MainWindow) -> None:
    card = window.canvas.view.cards["prompt"]
    setting = card.card.setting("text")
    assert setting is not None
    place = window.canvas.viewer.mapFromScene(card.place_of(setting).center())
    window.canvas.select([])
    QTest.mouseClick(window.canvas.viewer.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert window.canvas.selected() == ["prompt"]
    field = window.properties.rows["text"].control.focusProxy()
    assert field is not None
    assert field.hasFocus()


def test_dice_and_lock_of_a_seed_are_on_its_card(window: MainWindow, double_click: DoubleClick) -> None:
    card, viewer = window.canvas.view.cards["prompt"], window.canvas.viewer
    boxes = {setting.name: box for setting, box in lay_out(card.card).settings}
    places = {part: box.center() + card.pos() for part, box in seed_buttons(boxes["seed"]).items()}

    def click(part: str) -> None:
        QTest.mouseClick(viewer.viewport(), Qt.MouseButton.LeftButton, pos=viewer.mapFromScene(places[part]))

    def node() -> Node:
        return window.document.workflow.nodes["prompt"]

    click("dice")
    first = node().settings["seed"]
    double_click(window.canvas, places["dice"])
    assert node().settings["seed"] != first
    assert window.canvas.editor.control is None
    click("lock")
    assert node().drawn == ("seed",)
    click("lock")
    assert node().drawn == ()
    window.document.do(SetSetting("prompt", "seed", {"sweep": [1, 2]}))
    click("dice")
    click("lock")
    assert node().settings["seed"] == {"sweep": [1, 2]}
    assert node().drawn == ()
