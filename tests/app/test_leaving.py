"""One question for all documents with unsaved changes, answered by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from app.leaving import LeaveDialog
from app.main_window import MainWindow
from core.graph import workflow_file
from core.graph.edits import SetTitle

OpenWindow = Callable[..., MainWindow]
Answer = Callable[[LeaveDialog], object]


@pytest.fixture
def window(open_window: OpenWindow, other: Path) -> MainWindow:
    """Three documents: two files and one without, all changed."""
    window = open_window(wait=False)
    window.files.open(other)
    window.files.new()
    for tab in window.tabs.all:
        tab.document.do(SetTitle("changed"))
    return window


def answered(act: Answer) -> list[LeaveDialog]:
    """Answer the next question so; returns a list of the questions that were asked."""
    asked: list[LeaveDialog] = []

    def reply() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, LeaveDialog)
        asked.append(dialog)
        try:
            act(dialog)
        finally:
            if dialog.isVisible():
                dialog.reject()

    QTimer.singleShot(0, reply)
    return asked


def untick(dialog: LeaveDialog, *rows: int) -> None:
    for row in rows:
        dialog.items[row].setCheckState(0, Qt.CheckState.Unchecked)


def title_in(path: Path | None) -> str:
    assert path is not None
    return workflow_file.load(path).workflow.title


def test_all_are_named_with_their_places(window: MainWindow, other: Path) -> None:
    named: list[tuple[str, str]] = []

    def read(dialog: LeaveDialog) -> None:
        named.extend((item.text(0), item.text(1)) for item in dialog.items)
        dialog.cancel.click()

    answered(read)
    front = window.tabs.front
    assert not window.close()
    path = window.tabs.all[0].document.path
    assert path is not None
    assert named == [("trivial", str(path.parent)), ("second", str(other.parent)), ("changed", "not in a file yet")]
    assert window.isVisible()
    assert window.tabs.front is front
    assert not any(tab.document.clean for tab in window.tabs.all)


def test_what_is_ticked_is_saved_and_the_rest_is_not(window: MainWindow, other: Path) -> None:
    first = window.tabs.all[0].document.path

    def choose(dialog: LeaveDialog) -> None:
        untick(dialog, 1, 2)
        assert dialog.save.text() == "&Save 1 of 3"
        dialog.save.click()

    assert len(answered(choose)) == 0
    assert window.close()
    assert title_in(first) == "changed"
    assert title_in(other) == "Trivial"


def test_nothing_is_saved_where_all_is_discarded(window: MainWindow, other: Path) -> None:
    first = window.tabs.all[0].document.path
    answered(lambda dialog: dialog.discard.click())
    assert window.close()
    assert title_in(first) == title_in(other) == "Trivial"


def test_the_keyboard_alone_answers(window: MainWindow, other: Path) -> None:
    def press(dialog: LeaveDialog) -> None:
        for key in (Qt.Key.Key_Down, Qt.Key.Key_Space, Qt.Key.Key_Down, Qt.Key.Key_Space, Qt.Key.Key_Return):
            focus = dialog.focusWidget()
            assert focus is dialog.list
            QTest.keyClick(focus, key)

    answered(press)
    first = window.tabs.all[0].document.path
    assert window.close()
    assert title_in(first) == "changed"
    assert title_in(other) == "Trivial"


def test_without_a_tick_there_is_nothing_to_save(window: MainWindow) -> None:
    enabled: list[bool] = []

    def look(dialog: LeaveDialog) -> None:
        untick(dialog, 0, 1, 2)
        enabled.append(dialog.save.isEnabled())
        QTest.keyClick(dialog, Qt.Key.Key_Escape)

    answered(look)
    assert not window.close()
    assert enabled == [False]


def test_one_that_gets_no_file_keeps_the_window_open_and_is_seen(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.tabs.show_tab(window.tabs.all[0])
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    answered(lambda dialog: dialog.save.click())
    assert not window.close()
    assert [tab.document.clean for tab in window.tabs.all] == [True, True, False]
    assert window.tabs.front is window.tabs.all[2]


def test_one_that_cannot_be_saved_keeps_the_window_open_and_is_seen(window: MainWindow) -> None:
    first = window.tabs.all[0]
    path = first.document.path
    assert path is not None
    path.unlink()
    path.mkdir()  # which no file replaces, whoever runs this
    (path / "file").touch()
    answered(lambda dialog: dialog.save.click())
    assert not window.close()
    assert window.tabs.front is first
    assert not first.document.clean


def test_closing_the_others_asks_once_too(window: MainWindow) -> None:
    kept = window.tabs.all[1]
    answered(lambda dialog: dialog.cancel.click())
    window.tab_menu.close_others(kept)
    assert len(window.tabs.all) == 3
    answered(lambda dialog: dialog.discard.click())
    window.tab_menu.close_others(kept)
    assert list(window.tabs.all) == [kept]


def test_a_single_one_is_asked_about_as_before(window: MainWindow) -> None:
    for tab in window.tabs.all[1:]:
        tab.document.history.mark_clean()
    asked: list[object] = []

    def reply() -> None:
        box = QApplication.activeModalWidget()
        asked.append(box)
        assert isinstance(box, QMessageBox)
        box.button(QMessageBox.StandardButton.Cancel).click()

    QTimer.singleShot(0, reply)
    assert not window.close()
    assert len(asked) == 1
    assert window.tabs.front is window.tabs.all[0]
