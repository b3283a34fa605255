"""PySide6 6.12.0 on Python 3.11 loses references to None until the interpreter aborts; the pinned one must not."""

from __future__ import annotations

import sys
from collections.abc import Callable

from app.editor.card_state import CardState
from app.main_window import MainWindow

CALLS = 2000


def test_many_qt_calls_keep_none_alive(open_window: Callable[..., MainWindow]) -> None:
    window = open_window()
    card = window.canvas.view.cards["steps"]
    before = sys.getrefcount(None)
    for index in range(CALLS):
        card.setPos(float(index % 7), 0.0)
        card.show_state(CardState())
        window.status_line.show_elapsed(str(index))
        window.canvas.viewer.viewport().update()
    assert sys.getrefcount(None) > before - CALLS // 10
