"""Undo, redo, merging and the mark of the saved state."""

from __future__ import annotations

import pytest

from core.errors import InputError
from core.graph.edits import AddNode, RemoveNode, SetSetting, SetTitle
from core.graph.history import History
from core.graph.paint_edit import PaintTiles
from core.graph.workflow import Edit, Node, Workflow
from core.graph.workflow_file import dumps


@pytest.fixture
def history() -> History:
    found = History(Workflow())
    found.do(AddNode(Node(id="a", type="t.number")))
    return found


def value(history: History) -> object:
    return history.workflow.nodes["a"].settings.get("value")


def test_undo_and_redo_walk_through_all_states() -> None:
    history = History(Workflow())
    states = [dumps(history.workflow)]
    for title in "abc":
        history.do(SetTitle(title))
        states.append(dumps(history.workflow))
    for state in reversed(states[:-1]):
        history.undo()
        assert dumps(history.workflow) == state
    assert not history.can_undo
    for state in states[1:]:
        history.redo()
        assert dumps(history.workflow) == state
    assert not history.can_redo


def test_undo_and_redo_of_nothing_do_nothing() -> None:
    history = History(Workflow())
    history.undo()
    history.redo()
    assert history.clean


def test_a_new_edit_forgets_what_was_undone(history: History) -> None:
    history.do(SetSetting("a", "value", 1))
    history.undo()
    history.do(SetSetting("a", "value", 2))
    assert not history.can_redo
    assert value(history) == 2


def test_a_moving_slider_is_one_undo(history: History) -> None:
    for step in range(50):
        history.do(SetSetting("a", "value", step), merge_key="slider")
    history.undo()
    assert value(history) is None
    history.redo()
    assert value(history) == 49


def test_edits_of_other_things_or_gestures_do_not_merge(history: History) -> None:
    history.do(SetSetting("a", "value", 1), merge_key="slider")
    history.do(SetSetting("a", "other", 2), merge_key="slider")
    history.do(SetSetting("a", "other", 3), merge_key="typing")
    history.do(SetSetting("a", "other", 4))
    history.do(SetSetting("a", "other", 5))
    for expected in (4, 3, 2, None):
        history.undo()
        assert history.workflow.nodes["a"].settings.get("other") == expected


def test_a_saved_state_is_never_merged_away(history: History) -> None:
    history.do(SetSetting("a", "value", 1), merge_key="slider")
    history.mark_clean()
    history.do(SetSetting("a", "value", 2), merge_key="slider")
    assert not history.clean
    history.undo()
    assert value(history) == 1
    assert history.clean


def test_clean_follows_undo_and_redo(history: History) -> None:
    assert not history.clean
    history.undo()
    assert history.clean
    history.redo()
    history.mark_clean()
    history.do(SetTitle("x"))
    assert not history.clean
    history.undo()
    assert history.clean
    history.undo()
    assert not history.clean
    history.redo()
    assert history.clean


def test_a_saved_state_that_cannot_come_back_is_not_clean(history: History) -> None:
    history.mark_clean()
    history.undo()
    history.do(SetTitle("x"))
    assert not history.clean
    history.undo()
    assert not history.clean
    history.mark_clean()
    assert history.clean


def test_listeners_hear_what_was_applied(history: History) -> None:
    heard: list[Edit] = []
    stop = history.subscribe(heard.append)
    history.do(SetTitle("x"))
    history.undo()
    history.redo()
    stop()
    history.undo()
    assert heard == [SetTitle("x"), SetTitle(""), SetTitle("x")]


def test_a_refused_edit_leaves_the_history_as_it_was(history: History) -> None:
    heard: list[Edit] = []
    history.subscribe(heard.append)
    history.do(SetTitle("x"))
    history.undo()
    with pytest.raises(InputError):
        history.do(RemoveNode("absent"))
    assert history.can_redo
    assert len(heard) == 2


def painted(history: History, index: int, size: int = 100) -> None:
    history.do(PaintTiles("a", "mask", 64, 64, {"0,0": f"{index:0{size}}"}))


def test_the_oldest_edits_beyond_the_budget_are_forgotten() -> None:
    history = History(Workflow(), budget=1000)
    history.do(AddNode(Node(id="a", type="t.paint")))
    for index in range(20):
        painted(history, index)
    steps = 0
    while history.can_undo:
        history.undo()
        steps += 1
    assert steps == 5, "each takes 200 bytes: its own square, and that before it"
    assert history.workflow.nodes["a"].settings["mask"].endswith("14")
    for _ in range(steps):
        history.redo()
    assert history.workflow.nodes["a"].settings["mask"].endswith("19")


def test_the_last_edit_can_be_undone_however_large_it_is() -> None:
    history = History(Workflow(), budget=10)
    history.do(AddNode(Node(id="a", type="t.paint")))
    painted(history, 1)
    assert history.can_undo
    history.undo()
    assert history.workflow.nodes["a"].settings == {}


def test_a_forgotten_saved_state_is_never_taken_for_reached() -> None:
    history = History(Workflow(), budget=1000)
    history.do(AddNode(Node(id="a", type="t.paint")))
    painted(history, 0)
    history.mark_clean()
    for index in range(1, 6):
        painted(history, index)
    while history.can_undo:
        history.undo()
    assert history.clean, "the saved state is the oldest that is left"
    for index in range(9):
        painted(history, index)
    while history.can_undo:
        history.undo()
    assert not history.clean
