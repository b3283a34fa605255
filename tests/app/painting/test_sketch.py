"""A colour sketch: painted with a pointer, in colours that the node keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from app.painting.session import COLORS, Target
from core.graph.edits import SetSetting
from core.imaging import painted

OpenStudio = Callable[..., Any]
RED, BLUE = "#ff0000", "#0000ff"


def sketch(open_studio: OpenStudio) -> Any:
    studio = open_studio()
    studio.session.open(Target("mask", "mask", "sketch", (RED, BLUE)), studio.session.picture)
    return studio


def test_strokes_have_the_chosen_colour_and_are_seen_in_it(open_studio: OpenStudio) -> None:
    studio = sketch(open_studio)
    QTest.mouseClick(studio.panel.colors.swatches[1], Qt.MouseButton.LeftButton)
    studio.drag([(10, 10), (30, 10)])
    studio.drag([(40, 30), (50, 30)], Qt.MouseButton.RightButton)
    assert (studio.value(20, 10), studio.value(45, 30)) == (2, 0)
    assert np.array_equal(painted.unpack(studio.text()), studio.session.surface.pixels)
    assert QColor(studio.session.surface.image.pixelColor(20, 10)).name() == BLUE
    assert COLORS not in studio.document.workflow.nodes["mask"].settings, "no colour is new"


def test_a_new_colour_comes_with_its_first_stroke_as_one_step(open_studio: OpenStudio) -> None:
    studio = sketch(open_studio)
    studio.panel.colors.mixed.emit(QColor("#123456"))
    assert len(studio.panel.colors.swatches) == 3
    assert not studio.document.history.can_undo
    studio.drag([(10, 10), (30, 10)])
    settings = studio.document.workflow.nodes["mask"].settings
    assert settings[COLORS] == f"{RED}, {BLUE}, #123456"
    assert studio.value(20, 10) == 3
    studio.document.undo()
    assert studio.document.workflow.nodes["mask"].settings == {}
    assert not studio.session.surface.pixels.any()
    studio.drag([(10, 10), (30, 10)])
    assert studio.document.workflow.nodes["mask"].settings[COLORS].endswith("#123456"), "it is still chosen"


def test_the_picker_takes_colours_of_the_picture_and_of_the_sketch(open_studio: OpenStudio) -> None:
    studio = sketch(open_studio)
    studio.drag([(10, 10), (30, 10)])
    studio.panel.choose("picker")
    studio.drag([(50, 40)])
    assert studio.session.palette[-1] == "#c8c8c8"
    assert studio.panel.tool == "brush"
    studio.panel.choose("picker")
    studio.drag([(20, 10)])
    assert studio.session.surface.label == 1
    assert studio.value(50, 40) == 0


def test_a_palette_that_is_written_anew_is_taken(open_studio: OpenStudio) -> None:
    studio = sketch(open_studio)
    studio.document.do(SetSetting("mask", COLORS, "#00ff00"))
    assert studio.session.palette == ["#00ff00"]
    assert len(studio.panel.colors.swatches) == 1
    studio.document.undo()
    assert studio.session.palette == [RED, BLUE]


def test_only_a_sketch_has_colours_to_choose(open_studio: OpenStudio) -> None:
    studio = sketch(open_studio)
    assert studio.panel.colors.isVisible()
    studio.panel.choose("picker")
    studio.session.open(Target("mask", "mask"), studio.session.picture)
    assert studio.panel.colors.isHidden()
    assert studio.panel.tool == "brush"
    assert studio.panel.toolbox.buttons["picker"].isHidden()
