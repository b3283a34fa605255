"""The painter's menu offers what makes sense for what is painted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.painting.session import Target

OpenStudio = Callable[..., Any]


def offered(studio: Any) -> list[str]:
    """The words that are shown in the menu."""
    return [action.text() for action in studio.panel.menu.menu().actions() if action.isVisible() and action.text()]


@pytest.mark.parametrize(
    ("kind", "there", "missing"),
    [
        ("mask", {"Invert", "Grow", "Import…", "What is kept", "Colour"}, set()),
        ("semantic_map", {"Clear", "Import…", "Over the picture"}, {"Invert", "Grow", "What is kept", "Colour"}),
        ("sketch", {"Clear", "Paint everything"}, {"Invert", "Import…", "Over the picture"}),
        ("boxes", {"Clear"}, {"Paint everything", "Import…", "Over the picture", "By itself"}),
    ],
)
def test_each_kind_of_painting_has_its_entries(
    open_studio: OpenStudio, kind: str, there: set[str], missing: set[str]
) -> None:
    studio = open_studio()
    studio.session.open(Target("mask", "mask", kind, ("#ff0000", "#00ff00")), studio.session.picture)
    assert there <= set(offered(studio))
    assert not missing & set(offered(studio))


def test_a_map_without_a_picture_is_looked_at_in_one_way_and_in_full_colour(open_studio: OpenStudio) -> None:
    studio = open_studio(text="64x48", picture=False)
    studio.session.open(Target("mask", "mask", "semantic_map", ("sky", "sea")), None)
    assert "By itself" not in offered(studio)
    assert studio.session.surface.image.colorTable()[1] >> 24 == 255


def test_a_view_that_another_painting_lacks_is_left(open_studio: OpenStudio) -> None:
    studio = open_studio()
    studio.panel.menu.look("result")
    studio.session.open(Target("mask", "mask", "semantic_map", ("sky", "sea")), studio.session.picture)
    assert studio.panel.menu.view == "overlay"


def test_boxes_are_cleared_as_one_step_and_not_inverted(open_studio: OpenStudio) -> None:
    studio = open_studio()
    studio.session.open(Target("mask", "mask", "boxes", ("fox", "frog")), None)
    studio.drag([(50, 50), (150, 150)])
    text = studio.text()
    actions = {action.text(): action for action in studio.panel.menu.menu().actions()}
    assert not actions["Invert"].isEnabled(), "nor does its shortcut work"
    actions["Clear"].trigger()
    assert studio.text() == ""
    studio.document.undo()
    assert studio.text() == text
