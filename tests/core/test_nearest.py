"""A suggestion is a likely one, or none."""

from __future__ import annotations

import pytest

from core.nearest import nearest_name

MODELS = ("stickers-64", "stickers-128-classes", "emoji-layout")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("stickers64", "stickers-64"),
        ("Stickers-64", "stickers-64"),
        ("emoji layout", "emoji-layout"),
        ("flux", None),
        ("sd-xl-base", None),
        ("", None),
    ],
)
def test_only_a_like_name_is_suggested(typed: str, meant: str | None) -> None:
    assert nearest_name(typed, MODELS) == meant


def test_nothing_known_is_near_nothing() -> None:
    assert nearest_name("anything", ()) is None
