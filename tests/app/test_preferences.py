"""Look and scale are kept, and each theme names every colour."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from app.preferences import Preferences
from app.settings import THEMES, Settings
from app.theme import choose_theme, theme


@pytest.fixture(autouse=True)
def dark_again() -> Iterator[None]:
    yield
    choose_theme("dark")


def test_what_is_chosen_is_kept_for_the_next_start(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = Preferences(Settings(tmp_path / "s.ini"))
    qtbot.addWidget(dialog)
    dialog.look.setCurrentText("Light")
    dialog.scale.setCurrentText("150 %")
    dialog.undo.setCurrentText("128 MB")
    dialog._take()
    again = Settings(tmp_path / "s.ini")
    assert (again.theme, again.scale, again.undo_megabytes) == ("light", 150, 128)


def test_a_damaged_choice_falls_back(tmp_path: Path) -> None:
    (tmp_path / "s.ini").write_text("[look]\ntheme=pink\nscale=9000\n[memory]\nundo=-3\n", encoding="utf-8")
    settings = Settings(tmp_path / "s.ini")
    assert (settings.theme, settings.scale, settings.undo_megabytes) == ("dark", 100, 256)


def test_every_theme_names_the_same_colours_and_text_stands_out() -> None:
    names = set(theme().colors)
    for name in THEMES:
        choose_theme(name)
        look = theme()
        assert set(look.colors) == names
        for text, behind in (("text", "card"), ("text_muted", "panel"), ("on_accent", "accent"), ("text", "note")):
            assert contrast(look.color(text), look.color(behind)) > 4.5, (name, text, behind)


def contrast(one: QColor, other: QColor) -> float:
    """The ratio of WCAG 2.2, section 1.4.3."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(color: QColor) -> float:
    """Relative luminance of WCAG 2.2."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (color.redF(), color.greenF(), color.blueF())
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
