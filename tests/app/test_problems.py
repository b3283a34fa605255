"""Marks on settings tell the truth at every moment."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from app.catalogue import SettingCard
from app.main_window import MainWindow
from app.problems import problem_of
from core.graph.edits import Disconnect, SetSetting

OpenWindow = Callable[..., MainWindow]


def problem(window: MainWindow, setting: str) -> str:
    label = window.properties.rows[setting]._problem
    return "" if label.isHidden() else label.text()


def run(window: MainWindow, qtbot: QtBot) -> None:
    window.run()
    qtbot.waitUntil(lambda: not window.monitor.running)


def test_a_value_out_of_range_is_marked_at_once_and_stays_marked(open_window: OpenWindow) -> None:
    window = open_window()
    window.document.do(SetSetting("prompt", "seed", -1))
    assert problem(window, "seed").startswith("Seed -1 is out of range.")
    window.document.do(SetSetting("prompt", "text", "another edit of the node"))
    assert problem(window, "seed").startswith("Seed -1 is out of range.")
    assert "seed" in window.canvas.view.cards["prompt"].state.faults
    window.document.do(SetSetting("prompt", "seed", 1))
    assert not problem(window, "seed")
    assert not window.canvas.view.cards["prompt"].state.error


def test_what_a_node_raises_is_said_at_its_setting_until_that_has_another_value(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(last="test.fail")
    run(window, qtbot)
    window.canvas.select(["last"])
    assert problem(window, "how") == "It failed. Do not use it."
    window.document.do(SetSetting("amount", "value", 5))
    assert problem(window, "how"), "the setting at fault is as it was"
    window.document.do(SetSetting("last", "how", "crash"))
    assert not problem(window, "how")


def test_a_missing_link_is_marked_until_the_node_differs(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window()
    window.document.do(Disconnect("paint", "amount"))
    run(window, qtbot)
    assert window.canvas.view.cards["paint"].state.faults == {"amount"}
    window.document.undo()
    assert not window.canvas.view.cards["paint"].state.faults


@pytest.mark.parametrize(
    ("setting", "value", "wrong"),
    [
        (SettingCard("a", "int", 0, "A", min=1), 0, True),
        (SettingCard("a", "int", 0, "A", min=1), {"sweep": [1, 0]}, True),
        (SettingCard("a", "str", "", "A", choices=("b",)), "c", True),
        (SettingCard("a", "str", "", "A", choices=(), dynamic=True), "c", False),
        (SettingCard("a", "Path", "", "A"), "/nowhere", False),
        (SettingCard("a", "somebody", "", "A"), object(), False),
    ],
)
def test_settings_are_checked_as_the_engine_checks_them(setting: SettingCard, value: object, wrong: bool) -> None:
    assert (problem_of(setting, value) is not None) == wrong
