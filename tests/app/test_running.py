"""Run to here, a queue of runs, and live mode."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from core.graph.edits import MoveNodes, SetDrawn, SetSetting
from core.graph.workflow import Edit

OpenWindow = Callable[..., MainWindow]


def finish(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not window.monitor.running)


def test_run_to_here_runs_what_the_selection_needs_and_no_more(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window()
    window.canvas.select(["steps"])
    window.actions_by_name["run_to"].trigger()
    finish(window, qtbot)
    phases = {id: card.state.phase for id, card in window.canvas.view.cards.items()}
    assert phases == {"amount": "done", "prompt": "done", "steps": "done", "paint": "idle", "last": "idle"}


def test_queued_runs_each_take_the_workflow_as_it_was(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(count=40)
    window.run()
    window.document.do(SetSetting("amount", "value", 77))
    window.actions_by_name["queue"].trigger()
    assert window.monitor.waiting == 1
    qtbot.waitUntil(lambda: window.monitor.waiting == 0)
    assert window.monitor.running
    finish(window, qtbot)
    assert window.monitor.outcome == "finished"
    assert not window.canvas.view.cards["paint"].state.stale


def test_live_mode_runs_after_a_change_that_matters_and_not_after_a_move(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window()
    window.actions_by_name["live"].trigger()
    qtbot.waitUntil(lambda: window.monitor.outcome == "finished")
    started: list[bool] = []
    window.monitor.changed.connect(lambda: started.append(window.monitor.running))
    window.document.do(MoveNodes({"last": (0.0, 500.0)}))
    qtbot.wait(500)
    assert not any(started)
    for value in range(5):
        window.document.do(SetSetting("amount", "value", value), merge_key="slider")
    qtbot.waitUntil(lambda: any(started))
    finish(window, qtbot)
    assert not window.canvas.view.cards["paint"].state.stale
    window.actions_by_name["live"].trigger()
    started.clear()
    window.document.do(SetSetting("amount", "value", 99))
    qtbot.wait(500)
    assert not any(started)


def test_live_mode_follows_changes_after_seeds_could_not_be_drawn(open_window: OpenWindow, qtbot: QtBot) -> None:
    def refuse(edit: Edit) -> None:
        raise OSError("no room")

    window = open_window()
    window.document.do(SetDrawn("prompt", "seed", True))
    window.actions_by_name["live"].trigger()
    qtbot.waitUntil(lambda: window.monitor.outcome == "finished")
    stop = window.document.history.subscribe(refuse)
    with pytest.raises(OSError, match="no room"):
        window.running.queue()
    stop()
    window.document.do(SetSetting("amount", "value", 77))
    qtbot.waitUntil(lambda: window.monitor.running)
    finish(window, qtbot)
    assert not window.canvas.view.cards["paint"].state.stale


def test_what_acts_on_the_graph_is_off_while_the_training_page_hides_it(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window()
    qtbot.waitUntil(window.actions_by_name["run"].isEnabled)
    window.pages.show_training()
    acts = ("run", "run_to", "queue", "another_seed", "undo", "redo", "fit")
    assert not [name for name in acts if window.actions_by_name[name].isEnabled()]
    window.pages.show_graph()
    assert window.actions_by_name["run"].isEnabled()
    assert window.actions_by_name["fit"].isEnabled()
