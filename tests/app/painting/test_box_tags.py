"""Names of layout boxes beside one another."""

from __future__ import annotations

from itertools import combinations

from PySide6.QtCore import QRectF, QSizeF

from app.painting.box_tags import place_tags

ROOM = QRectF(0, 0, 400, 400)
SIZE = QSizeF(60, 16)


def test_a_name_stands_in_its_box_s_upper_left_corner() -> None:
    (tag,) = place_tags([QRectF(50, 60, 200, 100)], [SIZE], ROOM)
    assert tag == QRectF(50, 60, 60, 16)


def test_the_name_of_a_small_box_stands_above_it() -> None:
    box = QRectF(100, 100, 20, 20)
    (tag,) = place_tags([box], [SIZE], ROOM)
    assert not tag.intersects(box)


def test_names_of_boxes_that_lie_over_each_other_do_not() -> None:
    boxes = [QRectF(50, 60, 200, 200)] * 12
    tags = place_tags(boxes, [SIZE] * 12, ROOM)
    assert not any(one.intersects(other) for one, other in combinations(tags, 2))


def test_a_name_stays_on_the_paper() -> None:
    boxes = [QRectF(390, 395, 10, 5), QRectF(0, 0, 400, 400), QRectF(380, 380, 20, 20)]
    assert all(ROOM.contains(tag) for tag in place_tags(boxes, [SIZE] * 3, ROOM))


def test_names_without_room_are_all_there() -> None:
    room = QRectF(0, 0, 60, 16)
    assert place_tags([room] * 3, [SIZE] * 3, room) == [room] * 3
