"""A plot's newest values, and the room that plots take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.panels.training.curve_plot import HEIGHTS, CurvePlot
from app.panels.training.page import TrainingPage


@pytest.mark.parametrize(("width", "whole"), [(900, True), (230, False)])
def test_values_that_have_no_room_are_left_out_whole(qtbot: QtBot, width: int, whole: bool) -> None:
    plot = CurvePlot("loss")
    qtbot.addWidget(plot)
    plot.resize(width, 216)
    plot.show()
    plot.show_newest([(0.1234 + place, QColor("red")) for place in range(8)])
    readout = next(label for label in plot.findChildren(QLabel) if "0.1234" in label.toolTip())
    assert ("7.123" in readout.text()) == whole
    assert ("…" in readout.text()) != whole
    assert "7.123" in readout.toolTip()
    assert ">0.1234<" in readout.text(), "what is shown is shown whole"


def test_plots_grow_with_the_page(
    open_page: Callable[[], TrainingPage], make_run: Callable[..., Any], qtbot: QtBot
) -> None:
    make_run("first")
    page = open_page()
    qtbot.waitUntil(lambda: page.curves is not None and len(page.curves.plots) == 2)
    plot = page.curves.plots["loss"]
    for height, fits in ((300, HEIGHTS[0]), (1200, HEIGHTS[1]), (300, HEIGHTS[0])):
        page.resize(1000, height)
        qtbot.waitUntil(lambda fits=fits: plot.height() == fits)
