"""Finding nodes, the minimap, and the sheet of shortcuts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.actions import ACTIONS
from app.main_window import MainWindow
from app.panels.shortcut_sheet import ShortcutSheet
from core.graph.edits import PutNote
from core.graph.workflow import Note

pytestmark = pytest.mark.filterwarnings("ignore:.*is marked as deprecated:DeprecationWarning")


@pytest.fixture
def window(open_window: Callable[..., MainWindow]) -> MainWindow:
    return open_window(wait=False)


def test_a_search_finds_titles_kinds_settings_and_notes(window: MainWindow) -> None:
    finder = window.canvas.finder
    window.document.do(PutNote(Note(id="n", text="Remember the *penguin*")))
    for text, wanted in (("paint", ["paint"]), ("sample", ["steps"]), ("hello", ["prompt"]), ("penguin", ["n"])):
        finder.field.setText(text)
        assert finder.found() == wanted, text


def test_enter_goes_to_what_was_found(window: MainWindow) -> None:
    canvas = window.canvas
    for _ in range(6):
        canvas.viewer.zoom(1.4)
    canvas.finder.ask()
    QTest.keyClicks(canvas.finder.field, "show")
    QTest.keyClick(canvas.finder.field, Qt.Key.Key_Return)
    assert canvas.selected() == ["last"]
    seen = canvas.viewer.mapToScene(canvas.viewer.viewport().rect()).boundingRect()
    assert seen.intersects(canvas.view.cards["last"].outline())


def test_the_minimap_is_there_while_something_is_out_of_view_and_goes_where_it_is_clicked(window: MainWindow) -> None:
    canvas = window.canvas
    canvas.fit()
    assert canvas.minimap.isHidden()
    for _ in range(6):
        canvas.viewer.zoom(1.4)
    assert not canvas.minimap.isHidden()
    canvas.minimap.grab()
    middles = []
    for x in (20, 150):
        QTest.mouseClick(canvas.minimap, Qt.MouseButton.LeftButton, pos=QPoint(x, 56))
        middles.append(canvas.viewer.mapToScene(canvas.viewer.viewport().rect().center()).x())
    assert middles[1] > middles[0] + 200
    window.actions_by_name["minimap"].trigger()
    assert canvas.minimap.isHidden()


def look_at(window: MainWindow, x: float, y: float) -> None:
    """Look closely at a place of the scene, and let the view rest."""
    window.canvas.viewer.show_rect(QRectF(x - 200, y - 130, 400, 260))
    window.canvas.minimap.refresh()
    window.canvas.minimap.give_way()


def test_the_minimap_goes_to_a_corner_where_it_covers_nothing(window: MainWindow, qtbot: QtBot) -> None:
    canvas = window.canvas
    viewer, minimap = canvas.viewer, canvas.minimap
    outline = canvas.view.cards["last"].outline()
    look_at(window, outline.right() + 100, outline.bottom() + 100)
    place = minimap.geometry()
    assert (place.right() > viewer.width() / 2, place.bottom() > viewer.height() / 2) == (True, True)
    below = viewer.mapToScene(place).boundingRect().center()
    window.document.do(PutNote(Note(id="n", position=(below.x(), below.y()), size=(8.0, 8.0))))
    qtbot.waitUntil(lambda: minimap.geometry() != place)
    assert not minimap.faint
    assert not viewer.overview.covers(QRectF(viewer.mapToScene(minimap.geometry()).boundingRect()))


def test_the_minimap_is_faint_where_no_corner_is_free(window: MainWindow) -> None:
    window.document.do(PutNote(Note(id="n", position=(-2000.0, -2000.0), size=(4000.0, 4000.0))))
    look_at(window, 0, 0)
    assert window.canvas.minimap.faint
    picture = window.canvas.minimap.grab().toImage()
    window.document.undo()
    look_at(window, 3000, 3000)
    assert not window.canvas.minimap.faint
    assert picture != window.canvas.minimap.grab().toImage()


def test_the_sheet_names_every_shortcut(window: MainWindow) -> None:
    sheet = ShortcutSheet(window)
    shown = {label.text() for label in sheet.findChildren(QLabel)}
    assert {spec.text.rstrip("…") for spec in ACTIONS if spec.shortcut} <= shown
