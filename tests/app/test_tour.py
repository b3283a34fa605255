"""The first tour."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app.main_window import MainWindow
from app.settings import Settings
from app.tour import Outline

OpenWindow = Callable[..., MainWindow]


def test_five_steps_lead_to_the_end_each_with_its_part_outlined(open_window: OpenWindow) -> None:
    window = open_window()
    outline = window.findChild(Outline)
    window.actions_by_name["tour"].trigger()
    places = []
    while window.tour.place is not None:
        assert window.tour.line.isVisible()
        assert window.tour.line.text.startswith(f"{window.tour.place + 1} of 5")
        assert outline.isVisible()
        places.append(outline.geometry().getRect())
        window.tour.line.buttons[0].click()
    assert len(set(places)) == 5
    assert not window.tour.line.isVisible()
    assert not outline.isVisible()


def test_skip_ends_the_tour_at_once(open_window: OpenWindow) -> None:
    window = open_window()
    window.tour.start()
    window.tour.line.buttons[1].click()
    assert window.tour.place is None
    assert not window.tour.line.isVisible()


def test_the_outline_goes_while_its_part_is_hidden(open_window: OpenWindow) -> None:
    window = open_window()
    window.tour.start()
    window.actions_by_name["training"].trigger()
    assert not window.findChild(Outline).isVisible()
    window.actions_by_name["training"].trigger()
    assert window.findChild(Outline).isVisible()


def test_that_it_was_seen_is_remembered(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.ini")
    assert not settings.tour_seen
    settings.tour_seen = True
    settings.flush()
    assert Settings(tmp_path / "settings.ini").tour_seen


def test_it_is_shown_on_the_graph_also_when_asked_for_on_the_training_page(open_window: OpenWindow) -> None:
    window = open_window()
    window.actions_by_name["training"].trigger()
    window.actions_by_name["tour"].trigger()
    assert not window.pages.shows_training
    assert window.tour.line.isVisible()
