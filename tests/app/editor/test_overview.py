"""From far away the canvas shows the same nodes, and what changes there is seen at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage

from app.editor.canvas import Canvas
from app.main_window import MainWindow
from app.theme import theme
from core.graph.edits import AddNode, MoveNodes
from core.graph.workflow import Node

FAR, NEAR = QRectF(-2000, -2000, 4000, 4000), QRectF(-100, -100, 600, 400)


@pytest.fixture
def canvas(open_window: Callable[..., MainWindow]) -> Canvas:
    window = open_window(wait=False)
    window.canvas.select([])
    return window.canvas


def grab(canvas: Canvas, rect: QRectF) -> QImage:
    canvas.viewer.show_rect(rect, largest=3.0)
    canvas.viewer.zooming = False
    return canvas.viewer.viewport().grab().toImage()


def test_far_away_each_card_is_a_box_with_the_stripe_of_its_category(canvas: Canvas) -> None:
    image = grab(canvas, FAR)
    for card in canvas.view.cards.values():
        outline = card.outline()
        body = canvas.viewer.mapFromScene(outline.center())
        assert image.pixelColor(body).rgb() == theme().color("card_header").rgb()
        stripe = canvas.viewer.mapFromScene(outline.left() + 90, outline.top() + 8)
        assert image.pixelColor(stripe).rgb() == theme().category(card.card.category).rgb()


def test_a_card_that_moves_is_gone_from_where_it_was(canvas: Canvas, open_window: Callable[..., MainWindow]) -> None:
    grab(canvas, FAR)
    place = canvas.viewer.mapFromScene(canvas.view.cards["last"].outline().center())
    canvas._document.do(MoveNodes({"last": (0.0, 900.0)}))
    image = canvas.viewer.viewport().grab().toImage()
    assert image.pixelColor(place).rgb() != theme().color("card_header").rgb()
    there = canvas.viewer.mapFromScene(canvas.view.cards["last"].outline().center())
    assert image.pixelColor(there).rgb() == theme().color("card_header").rgb()


def test_many_cards_in_view_are_painted_as_an_overview_at_any_scale(canvas: Canvas) -> None:
    seen = QRectF(0, 0, 800, 600)
    assert not canvas.viewer.overview.serves(seen, 1.0)
    for index in range(150):
        canvas._document.do(AddNode(Node(type="test.amount", position=(8.0 * index, 0.0))))
    assert canvas.viewer.overview.serves(seen, 1.0)
    assert not canvas.viewer.overview.serves(QRectF(-500, -500, 400, 400), 1.0)


def test_a_kept_picture_of_a_card_does_not_outlive_a_change(canvas: Canvas) -> None:
    before = grab(canvas, NEAR)
    assert grab(canvas, NEAR) == before
    canvas.select(["amount"])
    selected = grab(canvas, NEAR)
    assert selected != before
    canvas.select([])
    assert grab(canvas, NEAR) == before
