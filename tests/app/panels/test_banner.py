"""What the line above the canvas says, and to whom it shows a traceback."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from app.panels.banner import Banner
from core.errors import InputError, LoomError


def caused(error: LoomError, cause: Exception) -> LoomError:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "cause", "details"),
    [
        (InputError("What.", why="Why.", fix="Fix."), ValueError("json"), False),
        (LoomError("Not saved.", why="Why.", fix="Fix."), OSError("disk full"), False),
        (LoomError("It stopped.", why="Why.", fix="Fix."), ZeroDivisionError("division by zero"), True),
    ],
)
def test_only_a_programs_mistake_shows_a_traceback(
    qtbot: QtBot, error: LoomError, cause: Exception, details: bool
) -> None:
    banner = Banner()
    qtbot.addWidget(banner)
    banner.show_error(caused(error, cause))
    assert banner._details.isVisibleTo(banner) == details
    assert ("Traceback" in banner._more.toPlainText() or type(cause).__name__ in banner._more.toPlainText()) == details


def test_the_node_at_fault_is_named_once(qtbot: QtBot) -> None:
    banner = Banner()
    qtbot.addWidget(banner)
    banner.show_error(InputError("Width 500 cannot be encoded.", why="Why.", fix="Fix.", node="n"), "Noise")
    assert banner.text.startswith("Noise: Width 500")
    banner.show_error(InputError('"Noise" has no output.', why="Why.", fix="Fix.", node="n"), "Noise")
    assert banner.text.startswith('"Noise" has')
