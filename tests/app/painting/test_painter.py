"""Painting with a real pointer: what it leaves on the mask, in the document and in the history."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QCursor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QSpinBox, QToolButton
from pytestqt.qtbot import QtBot

from app.painting.desk import NARROWEST
from app.painting.easel import thumbnail
from app.painting.options_bar import SMALLEST_DEFAULT
from app.painting.panel import PaintPanel, percent
from app.painting.session import Target
from app.painting.sheet import BARE
from app.painting.toolbox import TOOLS
from core.errors import LoomError
from core.graph import tiled_text
from core.graph.edits import RemoveNode, SetSetting
from core.imaging import painted

OpenStudio = Callable[..., Any]
RIGHT, SHIFT = Qt.MouseButton.RightButton, Qt.KeyboardModifier.ShiftModifier


def test_a_stroke_is_an_edit_and_the_document_holds_the_same_pixels(open_studio: OpenStudio) -> None:
    studio = open_studio()
    studio.drag([(10, 10), (20, 12), (40, 30)])
    assert studio.value(10, 10) == 255
    assert np.array_equal(painted.unpack(studio.text()), studio.session.surface.pixels)
    studio.document.undo()
    assert not studio.session.surface.pixels.any()
    assert studio.text() == ""
    studio.document.redo()
    assert studio.value(10, 10) == 255


def test_each_stroke_is_undone_by_itself_and_all_of_them_leave_nothing(open_studio: OpenStudio) -> None:
    studio = open_studio(600, 520)
    states = [studio.session.surface.pixels.copy()]
    for index in range(5):
        studio.drag([(40 + 90 * index, 60), (300, 500 - 60 * index)])
        states.append(studio.session.surface.pixels.copy())
    for state in reversed(states[:-1]):
        studio.document.undo()
        assert np.array_equal(studio.session.surface.pixels, state)
    assert not studio.document.history.can_undo
    for state in states[1:]:
        studio.document.redo()
        assert np.array_equal(studio.session.surface.pixels, state)


def test_the_right_button_and_the_eraser_take_paint_away(open_studio: OpenStudio) -> None:
    studio = open_studio()
    studio.panel.commands.fill()
    studio.drag([(10, 10), (20, 10)], RIGHT)
    assert (studio.value(10, 10), studio.value(20, 10), studio.value(40, 30)) == (0, 0, 255)
    studio.panel.choose("eraser")
    studio.drag([(40, 30), (45, 30)])
    assert studio.value(42, 30) == 0


def test_shift_joins_strokes_by_a_straight_line(open_studio: OpenStudio) -> None:
    studio = open_studio()
    studio.drag([(8, 24), (8, 24)])
    studio.drag([(56, 24)], keys=SHIFT)
    assert (studio.session.surface.pixels[24, 8:57] == 255).all()


def test_a_fast_stroke_meets_every_point_and_has_no_gaps(open_studio: OpenStudio) -> None:
    studio = open_studio(512, 512)
    places = [(256 + 200 * math.cos(t), 256 + 200 * math.sin(t)) for t in np.linspace(0, 5.5, 9)]
    studio.drag(places)
    easel, pixels = studio.panel.easel, studio.session.surface.pixels
    met = [easel.to_picture(QPointF(easel.to_widget(QPointF(*place)).toPoint())) for place in places]
    assert all(pixels[int(at.y()), int(at.x())] > 200 for at in met)
    angles = np.linspace(0.05, 5.4, 400)
    radii = [
        max(pixels[int(256 + r * math.sin(t)), int(256 + r * math.cos(t))] for r in range(170, 215)) for t in angles
    ]
    assert min(radii) > 200, "the ring is closed all along"


@pytest.mark.parametrize(
    ("tool", "inside", "outside"),
    [("rectangle", (11, 11), (9, 20)), ("ellipse", (30, 20), (11, 11)), ("lasso", (30, 11), (12, 29))],
)
def test_shapes_are_filled(
    open_studio: OpenStudio, tool: str, inside: tuple[int, int], outside: tuple[int, int]
) -> None:
    studio = open_studio()
    studio.panel.choose(tool)
    studio.drag([(10, 10), (50, 10), (50, 30)])
    assert (studio.value(*inside), studio.value(*outside)) == (255, 0)
    studio.drag([(10, 10), (50, 10), (50, 30)], RIGHT)
    assert studio.value(*inside) == 0


def test_a_polygon_closes_by_enter_and_is_given_up_by_escape(open_studio: OpenStudio) -> None:
    studio = open_studio()
    studio.panel.choose("polygon")
    for place in ((10, 10), (50, 10), (50, 40)):
        studio.drag([place])
    assert not studio.session.surface.pixels.any()
    QTest.keyClick(studio.panel.easel, Qt.Key.Key_Return)
    assert (studio.value(45, 15), studio.value(12, 35)) == (255, 0)
    studio.drag([(5, 5)])
    QTest.keyClick(studio.panel.easel, Qt.Key.Key_Escape)
    assert not studio.panel.easel.tool.busy


def test_fill_takes_what_is_alike_in_the_picture(open_studio: OpenStudio) -> None:
    studio = open_studio()
    studio.panel.choose("fill")
    studio.drag([(5, 5)])
    pixels = studio.session.surface.pixels
    assert (pixels[:, :32] == 255).all()
    assert not pixels[:, 32:].any()


def test_commands_change_the_whole(open_studio: OpenStudio) -> None:
    studio = open_studio()
    commands = studio.panel.commands
    studio.panel.choose("rectangle")
    studio.drag([(20, 20), (30, 30)])
    before = studio.session.surface.pixels.copy()
    commands.edge = 3
    commands.grow()
    assert studio.value(18, 18) == 255
    commands.shrink()
    assert np.array_equal(studio.session.surface.pixels, before)
    commands.invert()
    assert np.array_equal(studio.session.surface.pixels, 255 - before)
    commands.feather()
    assert len(np.unique(studio.session.surface.pixels)) > 10
    for _ in range(4):
        studio.document.undo()
    assert np.array_equal(studio.session.surface.pixels, before)
    commands.clear()
    assert not studio.session.surface.pixels.any()


def test_the_size_of_pixels_goes_up_to_3200_percent_and_the_middle_button_pans(open_studio: OpenStudio) -> None:
    easel = open_studio().panel.easel
    easel.zoom_to(99.0)
    assert easel.scale == 32.0
    before, middle = easel.offset, Qt.MouseButton.MiddleButton
    QTest.mousePress(easel, middle, pos=easel.rect().center())
    QTest.mouseMove(easel, easel.rect().center() + QPointF(30, 20).toPoint())
    QTest.mouseRelease(easel, middle, pos=easel.rect().center())
    assert (easel.offset - before) == QPointF(30, 20)
    QTest.keyPress(easel, Qt.Key.Key_Space)
    QTest.mousePress(easel, Qt.MouseButton.LeftButton, pos=easel.rect().center())
    QTest.mouseMove(easel, easel.rect().center() + QPointF(-30, -20).toPoint())
    QTest.mouseRelease(easel, Qt.MouseButton.LeftButton, pos=easel.rect().center())
    QTest.keyRelease(easel, Qt.Key.Key_Space)
    assert easel.offset == before
    assert not easel.surface.pixels.any()


def test_masks_round_trip_through_png_and_the_clipboard_bit_for_bit(open_studio: OpenStudio, tmp_path: Path) -> None:
    studio, random = open_studio(61, 47), np.random.default_rng(3)
    mask = random.integers(0, 256, (47, 61)).astype(np.uint8)
    studio.session.replace(mask)
    studio.panel.commands.export_file(tmp_path / "mask.png")
    studio.panel.commands.copy()
    for bring in (lambda: studio.panel.commands.import_file(tmp_path / "mask.png"), studio.panel.commands.paste):
        studio.panel.commands.clear()
        bring()
        assert np.array_equal(studio.session.surface.pixels, mask)


def test_alpha_goes_out_and_comes_back(open_studio: OpenStudio, tmp_path: Path) -> None:
    studio = open_studio()
    studio.drag([(10, 10), (40, 30)])
    mask = studio.session.surface.pixels.copy()
    studio.panel.commands.export_file(tmp_path / "cut.png", alpha=True)
    with Pillow.open(tmp_path / "cut.png") as opened:
        assert np.array_equal(np.array(opened)[..., 3], 255 - mask)
    studio.panel.commands.clear()
    studio.panel.commands.import_file(tmp_path / "cut.png")
    assert not studio.session.surface.pixels.any(), "nothing happens before a person has chosen"
    studio.panel.notice.buttons["Paint what is see-through"].click()
    assert np.array_equal(studio.session.surface.pixels, mask)


def test_a_mask_of_another_size_is_never_scaled_in_silence(open_studio: OpenStudio, tmp_path: Path) -> None:
    studio = open_studio()
    Pillow.new("L", (32, 24), 255).save(tmp_path / "small.png")
    studio.panel.commands.import_file(tmp_path / "small.png")
    assert "32 × 24" in studio.panel.notice.text
    assert not studio.session.surface.pixels.any()
    studio.panel.notice.buttons["Keep its size, upper left"].click()
    assert int((studio.session.surface.pixels > 0).sum()) == 32 * 24


def test_a_picture_of_another_size_than_the_mask_asks_first(open_studio: OpenStudio) -> None:
    kept = painted.pack(np.full((24, 32), 255, np.uint8))
    studio = open_studio(text=kept)
    assert studio.session.mismatch == ((32, 24), (64, 48))
    assert studio.text() == kept
    studio.panel.notice.buttons["Scale what is painted"].click()
    assert studio.session.mismatch is None
    assert (painted.unpack(studio.text()) == 255).all()
    studio.document.undo()
    assert studio.text() == kept


@pytest.mark.parametrize("damage", ["torn", "text", "colour", "wide"])
def test_files_that_do_not_fit_are_told(open_studio: OpenStudio, tmp_path: Path, damage: str) -> None:
    studio, said = open_studio(), []
    studio.panel.commands.failed.connect(lambda error: said.append(str(error)))
    path = tmp_path / "mask.png"
    Pillow.new("RGB" if damage == "colour" else "L", (64, 48), "red" if damage == "colour" else 9).save(path)
    if damage == "torn":
        path.write_bytes(path.read_bytes()[:50])
    elif damage == "text":
        path.write_text("no picture")
    elif damage == "wide":
        Pillow.new("1", (20_000, 4)).save(path)
    studio.panel.commands.import_file(path)
    assert said or "colours" in studio.panel.notice.text
    assert not studio.session.surface.pixels.any()


def test_a_picture_of_20000_pixels_is_refused_with_a_way_out(open_studio: OpenStudio) -> None:
    studio = open_studio()
    with pytest.raises(LoomError, match="Resize image"):
        studio.session.set_picture(QImage(20_000, 2, QImage.Format.Format_RGB32))
    assert studio.session.surface.width == 64


def test_a_damaged_setting_is_told_and_can_be_painted_over(open_studio: OpenStudio) -> None:
    studio, said = open_studio(), []
    studio.session.failed.connect(said.append)
    studio.document.do(SetSetting("mask", "mask", "64x48 0,0:AAAA"))
    assert len(said) == 1
    studio.document.undo()
    studio.drag([(10, 10), (30, 30)])
    assert studio.value(10, 10) == 255


def test_removing_the_node_closes_the_session(open_studio: OpenStudio) -> None:
    studio = open_studio()
    studio.document.do(RemoveNode("mask"))
    assert studio.session.target is None
    studio.document.undo()
    assert not studio.panel.easel.isEnabled()


def test_keys_choose_tools_and_the_size(open_studio: OpenStudio) -> None:
    studio = open_studio()
    studio.panel.activateWindow()
    for name, _, _, _, _ in TOOLS:
        studio.panel.choose(name)
        assert studio.panel.tool == name
    size = studio.panel.options.brush.size
    studio.panel.bar.scale_size(2.0)
    assert studio.panel.options.brush.size == 2 * size


@pytest.mark.parametrize("name", [name for name, *_ in TOOLS])
def test_a_click_on_a_button_takes_its_tool(open_studio: OpenStudio, name: str) -> None:
    panel = open_studio().panel
    panel.choose("fill" if name == "brush" else "brush")
    QTest.mouseClick(panel.toolbox.buttons[name], Qt.MouseButton.LeftButton)
    assert panel.tool == name
    assert panel.easel.tool is panel._tools[name]


def test_the_first_brush_suits_the_picture_until_a_person_chooses(open_studio: OpenStudio) -> None:
    session, panel = (studio := open_studio()).session, studio.panel
    fresh = PaintPanel(session)
    assert fresh.options.brush.size == 5, "a tenth of 48"
    session.open(Target("mask", "mask"), QImage(900, 640, QImage.Format.Format_RGB32))
    assert fresh.options.brush.size == fresh.bar.diameter.value() == 64
    session.open(Target("mask", "mask"), QImage(16, 8, QImage.Format.Format_RGB32))
    assert fresh.options.brush.size == SMALLEST_DEFAULT
    assert panel.options.brush.size == 6, "it was set by hand"


def test_settings_of_the_brush_are_not_cut_off_in_the_narrowest_dock(open_studio: OpenStudio) -> None:
    panel = open_studio().panel
    panel.resize(NARROWEST, 640)
    for tool in ("brush", "fill"):
        panel.choose(tool)
        QTest.qWait(0)
        for field in panel.bar.findChildren(QSpinBox):
            if field.isVisible():
                assert field.width() >= field.minimumSizeHint().width()
        assert panel.bar.geometry().right() <= panel.width()
        assert panel.strip.geometry().right() <= panel.width()
        assert panel.minimumSizeHint().width() <= NARROWEST


def test_tools_stand_in_two_columns_where_there_is_too_little_height(open_studio: OpenStudio, qtbot: QtBot) -> None:
    panel = open_studio().panel
    first, last = panel.toolbox.buttons["brush"], panel.toolbox.buttons["fill"]
    assert first.x() == last.x()
    panel.resize(NARROWEST, panel.minimumSizeHint().height())
    qtbot.waitUntil(lambda: first.x() < last.x())
    assert last.geometry().bottom() <= panel.toolbox.height()
    assert panel.height() <= 310, "there is so much of an 800-pixel screen at twice the size"


def test_settings_of_the_brush_are_one_row_where_there_is_room(open_studio: OpenStudio, qtbot: QtBot) -> None:
    panel = open_studio().panel
    bar = panel.bar
    panel.resize(1280, 700)
    qtbot.waitUntil(lambda: bar.diameter.y() == bar.spacing.y())
    panel.resize(NARROWEST, 700)
    qtbot.waitUntil(lambda: bar.diameter.y() < bar.spacing.y())


@pytest.mark.parametrize(("scale", "said"), [(10.4, "1040 %"), (1.0, "100 %"), (0.125, "12 %"), (0.0126, "1.3 %")])
def test_the_zoom_is_said_without_an_exponent(scale: float, said: str) -> None:
    assert percent(scale) == said


def test_the_menu_button_is_not_lit_once_its_menu_is_gone(open_studio: OpenStudio, qtbot: QtBot) -> None:
    panel = open_studio().panel
    button = next(each for each in panel.findChildren(QToolButton) if each.menu() is not None)
    QCursor.setPos(panel.easel.mapToGlobal(panel.easel.rect().center()))
    button.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, True)
    button.menu().aboutToHide.emit()
    qtbot.waitUntil(lambda: not button.underMouse())


def test_a_size_too_large_names_the_nearest() -> None:
    with pytest.raises(LoomError, match="16384 × 8192"):
        tiled_text.check_size(20_000, 10_000)


def test_classes_are_painted_without_half_values(open_studio: OpenStudio) -> None:
    studio = open_studio()
    studio.session.open(Target("mask", "mask", "semantic_map", ("sky", "sea", "sand")), studio.session.picture)
    assert [studio.panel.classes.itemText(index) for index in range(3)] == ["sky", "sea", "sand"]
    studio.panel.classes.setCurrentIndex(2)
    studio.drag([(10, 10), (40, 30)])
    studio.panel.classes.setCurrentIndex(1)
    studio.panel.choose("rectangle")
    studio.drag([(5, 5), (15, 15)])
    assert set(np.unique(studio.session.surface.pixels).tolist()) == {0, 1, 2}
    assert (studio.value(8, 8), studio.value(40, 30)) == (1, 2)
    studio.drag([(30, 20), (50, 40)], RIGHT)
    assert studio.value(40, 30) == 0


def test_settings_that_are_offered_stand_side_by_side(open_studio: OpenStudio) -> None:
    bar = open_studio().panel.bar
    bar.show_for("brush", labels=True)
    QTest.qWait(0)
    assert not bar.hardness.isVisible()
    assert bar.diameter.y() == bar.spacing.y(), "none is left out between them"
    bar.show_for("fill", labels=True)
    QTest.qWait(0)
    assert [field.isVisible() for field in (bar.diameter, bar.spacing, bar.tolerance)] == [False, False, True]


@pytest.mark.parametrize(("size", "small"), [((900, 2), (100, 1)), ((2, 900), (1, 100)), ((64, 48), (100, 75))])
def test_a_thumbnail_of_a_very_long_painting_has_a_pixel_at_least(
    open_studio: OpenStudio, size: tuple[int, int], small: tuple[int, int]
) -> None:
    made = thumbnail(open_studio(*size).panel.easel, 100)
    assert (made.width(), made.height()) == small
    assert made.pixelColor(0, 0) == made.pixelColor(made.width() - 1, made.height() - 1) == BARE
