"""What gives way in a small window, and when it comes back."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QMainWindow, QSplitter, QWidget
from pytestqt.qtbot import QtBot

from app.room import Room


@pytest.mark.parametrize("width", [184, 300])
def test_the_list_of_nodes_goes_once_and_comes_back_once_as_a_window_is_dragged(qtbot: QtBot, width: int) -> None:
    window, columns = QMainWindow(), QSplitter()
    qtbot.addWidget(window)
    library, graph, side = (QWidget() for _ in range(3))
    for place, part in enumerate((library, graph, side)):
        columns.addWidget(part)
        columns.setStretchFactor(place, int(part is graph))
    columns.setChildrenCollapsible(False)
    columns.setSizes([width, 960 - width, 320])
    library.setMinimumWidth(160)
    side.setMinimumWidth(280)
    window.setCentralWidget(columns)
    window.resize(1280, 400)
    Room(window, library, graph, side)
    window.show()
    shown = []
    for wide in (*range(1000, 700, -10), *range(700, 1000, 10)):
        window.resize(wide, 400)
        QCoreApplication.processEvents()
        shown.append(library.isVisible())
    changes = [after for before, after in pairwise(shown) if before != after]
    assert changes == [False, True]
    assert library.width() == width
