"""The painter in the window: the loop with runs of the engine, pictures of the gallery, full screen, small windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow
from PySide6.QtCore import QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QMessageBox
from pytestqt.qtbot import QtBot

from app import main_window
from app.main_window import MainWindow, fit_screen
from app.painting.desk import PaintingDesk
from app.settings import Settings
from app.theme import apply_theme
from core.graph import workflow_file
from core.graph.edits import AddNode, Connect, SetTitle
from core.graph.workflow import Link, Node, Workflow

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def open_real_window(
    qtbot: QtBot, qapp: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[int, int], MainWindow]]:
    """Open a window of a size with the real nodes, on load -> mask -> fill."""
    apply_theme(qapp)
    windows: list[MainWindow] = []

    def make(width: int, height: int) -> MainWindow:
        screen = QRect(0, 0, width, height)
        monkeypatch.setattr(main_window, "fit_screen", lambda window, _room: fit_screen(window, screen))
        Pillow.new("RGB", (64, 48), (40, 120, 200)).save(tmp_path / "source.png")
        workflow_file.save(_workflow(tmp_path / "source.png"), tmp_path / "loop.json")
        window = MainWindow(Settings(tmp_path / "settings.ini"))
        windows.append(window)
        window.resize(width, height)
        window.show()
        window.files.open(tmp_path / "loop.json")
        qtbot.waitUntil(lambda: window.engine_ready)
        return window

    yield make
    for window in windows:
        window.document.history.mark_clean()
        window.close()
        window.deleteLater()


def _workflow(path: Path) -> Workflow:
    workflow = Workflow("Loop")
    nodes = (
        Node(id="load", type="loom.image.load", settings={"path": str(path)}),
        Node(id="mask", type="loom.mask.paint", position=(240.0, 0.0)),
        Node(id="fill", type="loom.image.fill_masked", position=(480.0, 0.0), settings={"fill": "noise"}),
    )
    for node in nodes:
        workflow.apply(AddNode(node))
    for link in (
        Link("load", "image", "mask", "image"), Link("load", "image", "fill", "image"),
        Link("mask", "mask", "fill", "mask"),
    ):  # fmt: skip
        workflow.apply(Connect(link))
    return workflow


def open_painter(window: MainWindow) -> PaintingDesk:
    """Paint on the mask."""
    window.painting.open("mask")
    desk = window.painting.desk
    assert desk is not None
    return desk


def test_the_loop_goes_round_without_leaving_the_painter(
    open_real_window: Callable[[int, int], MainWindow], qtbot: QtBot
) -> None:
    window = open_real_window(1280, 800)
    desk = open_painter(window)
    for turn in range(2):
        desk.panel.commands.fill()
        QTest.mouseClick(desk.panel.strip.make, LEFT)
        qtbot.waitUntil(lambda: len(desk.loop.candidates.made) == desk.panel.strip.count.value())
        wanted = desk.loop.candidates.made[1].picture
        desk.panel.strip.look_at(1)
        QTest.mouseClick(desk.panel.strip.keep, LEFT)
        assert desk.session.picture is not None
        assert desk.session.picture.convertToFormat(wanted.format()) == wanted, "it is what is painted on now"
        assert not desk.session.surface.pixels.any()
        assert window.gallery.pictures.rowCount() == 4 * (turn + 1)
    before = desk.session.picture
    window.document.undo()
    assert desk.session.picture is not None
    assert desk.session.picture != before
    assert desk.session.surface.pixels.all()


def test_a_picture_of_the_gallery_is_painted_on(open_real_window: Callable[[int, int], MainWindow]) -> None:
    window = open_real_window(1280, 800)
    window.document.new()
    picture = QImage(64, 64, QImage.Format.Format_RGB888)
    picture.fill(0xFF336699)
    window.gallery.keep(picture, {})
    window.gallery.setCurrentIndex(window.gallery.pictures.index(0))
    QTimer.singleShot(0, window, lambda: take_from_menu("Paint on it"))
    window.gallery.customContextMenuRequested.emit(QPoint(5, 5))
    desk = window.painting.desk
    assert desk is not None
    assert desk.isVisible()
    assert desk.session.picture is not None
    assert desk.session.picture.convertToFormat(picture.format()) == picture
    assert any(node.type == "loom.sample.denoise" for node in window.document.workflow.nodes.values())
    window.document.undo()
    assert desk.isHidden()
    assert not window.document.workflow.nodes


def test_the_button_above_an_earlier_picture_paints_on_that_one(
    open_real_window: Callable[[int, int], MainWindow],
) -> None:
    window = open_real_window(1280, 800)
    picture = QImage(64, 48, QImage.Format.Format_RGB888)
    picture.fill(0xFF993366)
    window.preview.show_kept(picture, "earlier", {})
    window.preview._paint.click()
    desk = window.painting.desk
    assert desk is not None
    assert desk.session.target is not None
    assert desk.session.target.node == "mask", "the loop that is there"
    assert desk.session.picture is not None
    assert desk.session.picture.convertToFormat(picture.format()) == picture


def test_full_screen_is_painted_on_and_left_again(
    open_real_window: Callable[[int, int], MainWindow], qtbot: QtBot
) -> None:
    window = open_real_window(1280, 800)
    desk = open_painter(window)
    docked = desk.width()
    QTest.mouseClick(desk.panel.full_screen, LEFT)
    qtbot.waitUntil(lambda: desk.isFullScreen() and desk.width() >= desk.screen().geometry().width())
    desk.panel.commands.fill()
    window.actions_by_name["undo"].trigger()
    assert not desk.session.surface.pixels.any()
    desk.panel.full_screen_asked.emit()
    qtbot.waitUntil(lambda: not desk.isFloating() and desk.isVisible())
    qtbot.waitUntil(lambda: desk.width() == docked)


@pytest.mark.parametrize(("width", "library", "graph"), [(1920, True, True), (1280, False, True), (853, False, False)])
def test_a_small_window_gives_its_room_to_the_painter_and_takes_it_back(
    open_real_window: Callable[[int, int], MainWindow], qtbot: QtBot, width: int, library: bool, graph: bool
) -> None:
    window = open_real_window(width, 600)
    desk = open_painter(window)
    assert (not window.library.isHidden(), not window.graph.isHidden()) == (library, graph)
    if graph:
        qtbot.waitUntil(lambda: window.graph.width() >= 320)
    else:
        qtbot.waitUntil(lambda: desk.width() > window.side.width())
    qtbot.waitUntil(lambda: right_of(window.side, window) <= desk.x())
    assert desk.geometry().right() <= window.width()
    desk.leave()
    assert not window.library.isHidden()
    assert not window.graph.isHidden()


def test_a_close_that_is_cancelled_leaves_the_room_to_the_painter(
    open_real_window: Callable[[int, int], MainWindow], monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_real_window(853, 600)
    open_painter(window)
    window.document.do(SetTitle("changed"))
    monkeypatch.setattr(QMessageBox, "exec", lambda _box: QMessageBox.StandardButton.Cancel)
    assert not window.close()
    assert window.library.isHidden()
    assert window.graph.isHidden()
    monkeypatch.setattr(QMessageBox, "exec", lambda _box: QMessageBox.StandardButton.Discard)
    assert window.close()
    assert not window.library.isHidden(), "the columns are remembered with all that gave way"
    assert not window.graph.isHidden()


def test_the_list_of_nodes_gives_way_to_the_graph_unless_a_person_shows_it(
    open_real_window: Callable[[int, int], MainWindow], qtbot: QtBot
) -> None:
    window = open_real_window(640, 400)
    assert window.library.isHidden()
    qtbot.waitUntil(lambda: window.graph.width() > 300)
    window.actions_by_name["library"].trigger()
    window.resize(660, 400)
    assert not window.library.isHidden()
    window.actions_by_name["library"].trigger()
    window.resize(1280, 400)
    assert not window.library.isHidden()


def right_of(widget: Any, window: MainWindow) -> int:
    return int(widget.mapTo(window, widget.rect().topRight()).x())


def take_from_menu(words: str) -> None:
    """Take an entry of the menu that is open."""
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    next(action for action in menu.actions() if action.text() == words).trigger()
    menu.close()
