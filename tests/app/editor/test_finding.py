"""Finding nodes, the minimap, and the sheet of shortcuts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

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


def test_the_sheet_names_every_shortcut(window: MainWindow) -> None:
    sheet = ShortcutSheet(window)
    shown = {label.text() for label in sheet.findChildren(QLabel)}
    assert {spec.text.rstrip("…") for spec in ACTIONS if spec.shortcut} <= shown
