"""Layout boxes drawn with a pointer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt

from app.painting.boxes import read_boxes, write_boxes
from app.painting.session import Target
from core.conditioning.layout import parse_layout
from core.graph.edits import SetSetting

RIGHT = Qt.MouseButton.RightButton


def test_boxes_are_drawn_moved_resized_named_and_removed(open_studio: Callable[..., Any]) -> None:
    studio = open_studio()
    studio.session.open(Target("mask", "mask", "boxes", ("fox", "frog")), None)
    studio.panel.classes.setCurrentText("fox")
    studio.drag([(51, 51), (100, 100), (256, 154)])
    (box,) = parse_layout(studio.text()).boxes
    assert box.label == "fox"
    assert abs(box.x - 0.1) + abs(box.y - 0.1) + abs(box.width - 0.4) + abs(box.height - 0.2) < 0.03
    studio.drag([(150, 100), (252, 202)])
    moved = parse_layout(studio.text()).boxes[0]
    assert abs(moved.x - 0.3) + abs(moved.y - 0.3) < 0.03
    assert abs(moved.width - box.width) < 1e-3
    corner = ((moved.x + moved.width) * 512, (moved.y + moved.height) * 512)
    studio.drag([corner, (486, 486)])
    assert abs(parse_layout(studio.text()).boxes[0].width - 0.65) < 0.03
    studio.panel.classes.setCurrentText("frog")
    assert parse_layout(studio.text()).boxes[0].label == "frog"
    studio.drag([(300, 300)], RIGHT)
    assert studio.text() == ""
    for _ in range(5):
        studio.document.undo()
    assert not studio.document.history.can_undo


def test_the_size_of_the_last_target_is_not_that_of_the_next(open_studio: Callable[..., Any]) -> None:
    studio = open_studio()
    studio.session.open(Target("mask", "mask", "boxes"), None)
    studio.session.open(Target("mask", "mask", "semantic_map", ("sky", "sea")), None)
    assert not studio.session.ready
    assert not studio.panel.easel.isEnabled()


def test_boxes_round_trip_through_their_text() -> None:
    text = "fox 0.1 0.2 0.5 0.4\npolar bear 0 0 1 1"
    assert write_boxes(read_boxes(text + "\nnonsense\n\n")) == text


def test_a_class_is_that_of_the_next_box_unless_one_was_pressed(open_studio: Callable[..., Any]) -> None:
    studio = open_studio()
    studio.session.open(Target("mask", "mask", "boxes", ("fox", "frog", "pig")), None)
    classes = studio.panel.classes
    classes.setCurrentText("fox")
    studio.drag([(50, 50), (150, 150)])
    classes.setCurrentText("frog")
    studio.drag([(250, 250), (400, 400)])
    assert [box.label for box in parse_layout(studio.text()).boxes] == ["fox", "frog"]
    studio.drag([(100, 100)])
    assert classes.currentText() == "fox"
    classes.setCurrentText("pig")
    assert [box.label for box in parse_layout(studio.text()).boxes] == ["pig", "frog"]
    studio.drag([(30, 480)])
    assert classes.currentText() == "frog", "beside all boxes the next one is meant again"
    assert len(parse_layout(studio.text()).boxes) == 2


def test_another_node_s_boxes_keep_their_classes(open_studio: Callable[..., Any]) -> None:
    studio = open_studio()
    studio.session.open(Target("mask", "mask", "boxes", ("fox", "frog")), None)
    studio.drag([(50, 50), (150, 150)])
    studio.drag([(100, 100)])
    text = studio.text()
    studio.session.open(Target("mask", "mask", "boxes", ("pig", "star")), None)
    assert studio.text() == text


def test_shift_draws_within_a_box(open_studio: Callable[..., Any]) -> None:
    studio = open_studio()
    studio.session.open(Target("mask", "mask", "boxes", ("fox", "frog")), None)
    studio.drag([(20, 20), (480, 480)])
    studio.drag([(100, 100), (200, 200)], keys=Qt.KeyboardModifier.ShiftModifier)
    outer, inner = parse_layout(studio.text()).boxes
    assert outer.width > 0.8 > 0.3 > inner.width


def test_a_chosen_box_that_is_shrunk_away_leaves_no_other_one_chosen(open_studio: Callable[..., Any]) -> None:
    studio = open_studio()
    studio.session.open(Target("mask", "mask", "boxes", ("fox", "frog", "pig")), None)
    studio.panel.classes.setCurrentText("fox")
    studio.drag([(50, 50), (150, 150)])
    studio.panel.classes.setCurrentText("frog")
    studio.drag([(250, 250), (400, 400)])
    studio.drag([(50, 50), (150, 150)])
    assert [box.label for box in parse_layout(studio.text()).boxes] == ["frog"], "the fox was shrunk away"
    studio.panel.classes.setCurrentText("pig")
    assert [box.label for box in parse_layout(studio.text()).boxes] == ["frog"]


def test_a_chosen_box_stays_chosen_where_an_undo_gives_it_another_place(open_studio: Callable[..., Any]) -> None:
    studio = open_studio()
    studio.session.open(Target("mask", "mask", "boxes", ("fox", "frog", "pig")), None)
    first, second = "fox 0.1 0.1 0.2 0.2", "frog 0.5 0.5 0.3 0.3"
    for lines in ((second, first), (first, second)):
        studio.document.do(SetSetting("mask", "mask", "\n".join(lines)))
    studio.drag([(100, 100)])
    studio.document.undo()
    assert studio.panel.classes.currentText() == "fox"
    studio.panel.classes.setCurrentText("pig")
    assert [box.label for box in parse_layout(studio.text()).boxes] == ["frog", "pig"]
