"""The menu of a tab, and opening again what was closed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QAction, QContextMenuEvent, QDesktopServices, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from core.graph.edits import SetSetting, SetTitle

OpenWindow = Callable[..., MainWindow]


@pytest.fixture
def window(open_window: OpenWindow, other: Path) -> MainWindow:
    """A window with three tabs: a file, another one, and an empty workflow."""
    window = open_window(wait=False)
    window.files.open(other)
    window.files.new()
    return window


def titles(window: MainWindow) -> list[str]:
    return [window.tabs.title(tab) for tab in window.tabs.all]


def menu_of(window: MainWindow, place: int) -> dict[str, QAction]:
    """Ask for the menu of a tab by a real event, and return what it offers."""
    bar = window.tabs.line.bar
    at = bar.tabRect(place).center() if place >= 0 else QPoint(bar.width() + 4, 4)
    target = bar if place >= 0 else window.tabs.line
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, target.mapToGlobal(at))
    QApplication.sendEvent(target, event)
    menu = window.tab_menu.last
    assert menu is not None
    assert menu.isVisible()
    menu.close()
    return {action.text(): action for action in menu.actions() if action.text()}


def discard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QMessageBox, "exec", lambda _box: QMessageBox.StandardButton.Discard)


def test_the_menu_closes_the_tab_it_was_asked_for_or_all_others(window: MainWindow) -> None:
    menu_of(window, 0)["Close"].trigger()
    assert titles(window) == ["second", "Untitled"]
    menu_of(window, 0)["Close others"].trigger()
    assert titles(window) == ["second"]
    assert not menu_of(window, 0)["Close others"].isEnabled()


def test_closing_the_others_stops_where_a_person_wants_to_keep_one(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.tabs.all[1].document.do(SetTitle("changed"))
    monkeypatch.setattr(QMessageBox, "exec", lambda _box: QMessageBox.StandardButton.Cancel)
    before = titles(window)
    menu_of(window, 2)["Close others"].trigger()
    assert titles(window) == before
    assert window.tabs.front is window.tabs.all[1], "what the question is about is seen"


def test_the_menu_copies_the_path_and_shows_the_folder(
    window: MainWindow, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    menu = menu_of(window, 1)
    menu["Copy path"].trigger()
    assert QGuiApplication.clipboard().text() == str(other)
    menu["Show in folder"].trigger()
    assert [url.toLocalFile() for url in opened] == [str(other.parent)]
    unsaved = menu_of(window, 2)
    assert not unsaved["Copy path"].isEnabled()
    assert not unsaved["Show in folder"].isEnabled()


def test_beside_the_tabs_the_menu_offers_a_new_one_and_the_closed_one(window: MainWindow) -> None:
    offered = menu_of(window, -1)
    assert list(offered) == ["New", "Reopen closed"]
    assert not offered["Reopen closed"].isEnabled(), "nothing was closed yet"


def test_the_keys_reopen_closed_files_one_after_another_where_they_were(window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    for _ in range(2):
        window.tabs.close(window.tabs.all[0])
    assert titles(window) == ["Untitled"]
    window.document.do(SetTitle("kept open"))
    for shown in ("second", "trivial"):
        QTest.keyClick(window, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
        assert window.document.title == shown
    assert titles(window) == ["trivial", "second", "kept open"]
    assert not window.actions_by_name["reopen"].isEnabled()


def test_what_was_discarded_comes_back_with_its_changes(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    tab = window.tabs.all[1]
    tab.document.do(SetSetting("steps", "count", 77))
    path = tab.document.path
    discard(monkeypatch)
    assert window.tabs.close(tab)
    window.actions_by_name["reopen"].trigger()
    assert window.document.path == path
    assert window.document.workflow.nodes["steps"].settings["count"] == 77
    assert not window.document.clean


def test_what_was_discarded_comes_back_beside_the_file_as_it_is(
    window: MainWindow, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = window.tabs.all[1]
    tab.document.do(SetSetting("steps", "count", 77))
    discard(monkeypatch)
    assert window.tabs.close(tab)
    window.files.open(other)
    assert window.document.clean
    window.actions_by_name["reopen"].trigger()
    assert window.document.workflow.nodes["steps"].settings["count"] == 77


def test_a_file_that_is_gone_is_told_and_the_next_one_can_still_be_reopened(window: MainWindow, other: Path) -> None:
    for _ in range(2):
        window.tabs.close(window.tabs.all[0])
    other.unlink()
    window.actions_by_name["reopen"].trigger()
    assert "second.json" in window.banner.text
    window.actions_by_name["reopen"].trigger()
    assert window.document.title == "trivial"


def test_an_empty_workflow_that_was_closed_is_not_kept(window: MainWindow) -> None:
    window.tabs.close(window.tabs.all[2])
    assert not window.files.closed


def test_several_files_open_in_tabs_with_the_first_in_front(
    open_window: OpenWindow, other: Path, save_workflow: Callable[..., Path]
) -> None:
    window = open_window(wait=False)
    window.files.new()
    window.tabs.close(window.tabs.all[0])
    window.tabs.front.spare = True  # as at the start
    window.open_first(save_workflow(), other)
    assert titles(window) == ["trivial", "second"]
    assert window.document.title == "trivial"
