"""Several workflows in one window, with real clicks, keys and runs."""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QPlainTextEdit
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.tab import Tab
from core.graph import workflow_file
from core.graph.edits import AddNode, SetSetting, SetTitle
from core.graph.workflow import Node, Workflow

OpenWindow = Callable[..., MainWindow]
CTRL, SHIFT, PLAIN = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.NoModifier,
)


@pytest.fixture
def open_active(open_window: OpenWindow, qtbot: QtBot) -> OpenWindow:
    """Open a window that takes keys."""

    def make() -> MainWindow:
        window = open_window(wait=False)
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        window.canvas.viewer.setFocus()
        return window

    return make


def titles(window: MainWindow) -> list[str]:
    return [window.tabs.line.bar.tabText(place) for place in range(window.tabs.line.bar.count())]


def middle_of(window: MainWindow, place: int) -> QPoint:
    return window.tabs.line.bar.tabRect(place).center()


def answer(button: QMessageBox.StandardButton) -> None:
    """Click this button of the next question."""

    def reply() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        box.button(button).click()

    QTimer.singleShot(0, reply)


def begin_run(window: MainWindow, qtbot: QtBot) -> Tab:
    """Run the document in front, and return its tab once the run is in the middle of its steps."""
    tab = window.tabs.front
    window.run()
    qtbot.waitUntil(lambda: tab.view.canvas.view.cards["steps"].state.done > 1)
    return tab


def settle() -> None:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QCoreApplication.processEvents()
    gc.collect()


def test_a_file_opens_beside_the_others_and_each_keeps_its_own_history(open_active: OpenWindow, other: Path) -> None:
    window = open_active()
    window.document.do(SetSetting("amount", "value", 4))
    first = window.document
    window.files.open(other)
    assert titles(window) == ["• trivial", "second"]
    assert window.windowTitle().startswith("second")
    assert not window.isWindowModified()
    assert not window.actions_by_name["undo"].isEnabled()
    window.document.do(SetSetting("amount", "value", 9))
    window.document.do(SetSetting("prompt", "text", "x"))
    QTest.mouseClick(window.tabs.line.bar, Qt.MouseButton.LeftButton, pos=middle_of(window, 0))
    assert window.document is first
    assert window.windowTitle().startswith("trivial")
    assert window.isWindowModified()
    QTest.keyClick(window.canvas.viewer, Qt.Key.Key_Z, CTRL)
    assert "value" not in first.workflow.nodes["amount"].settings
    assert titles(window) == ["trivial", "• second"]
    assert window.tabs.all[1].document.workflow.nodes["amount"].settings["value"] == 9


def test_undo_of_every_document_keeps_within_the_chosen_memory(open_window: OpenWindow, other: Path) -> None:
    window = open_window(wait=False)
    window.settings.undo_megabytes = 64
    window.files.open(other)
    window.files.new()
    budgets = [tab.document.history.budget or 0 for tab in window.tabs.all]
    assert [budget // 2**20 for budget in budgets] == [256, 64, 64]


def test_an_open_file_is_shown_where_it_is_open(open_window: OpenWindow, other: Path, tmp_path: Path) -> None:
    window = open_window(wait=False)
    window.document.do(SetSetting("amount", "value", 4))
    window.files.open(other)
    window.files.open(tmp_path / "elsewhere" / ".." / "trivial.json")
    assert len(window.tabs.all) == 2
    assert window.document.workflow.nodes["amount"].settings["value"] == 4


def test_keys_make_close_and_turn_tabs(open_active: OpenWindow, other: Path) -> None:
    window = open_active()
    window.files.open(other)
    QTest.keyClick(window.canvas.viewer, Qt.Key.Key_T, CTRL)
    assert titles(window) == ["trivial", "second", "Untitled"]
    assert not window.empty.isHidden()
    front = []
    for keys in (CTRL, CTRL, CTRL | SHIFT):
        QTest.keyClick(window.canvas.viewer, Qt.Key.Key_Tab if keys == CTRL else Qt.Key.Key_Backtab, keys)
        front.append(window.tabs.line.bar.currentIndex())
    assert front == [0, 1, 0]
    window.canvas.select(["prompt"])
    field = window.properties.rows["text"].control.focusProxy()
    assert isinstance(field, QPlainTextEdit)
    QTest.keyClick(field, Qt.Key.Key_Tab, CTRL)
    assert window.tabs.line.bar.currentIndex() == 1, "also from within a text"
    QTest.keyClick(window.canvas.viewer, Qt.Key.Key_W, CTRL)
    assert titles(window) == ["trivial", "Untitled"]
    assert window.tabs.line.bar.currentIndex() == 1


def test_the_last_one_leaves_an_empty_one(open_window: OpenWindow) -> None:
    window = open_window(wait=False)
    window.actions_by_name["close"].trigger()
    assert titles(window) == ["Untitled"]
    assert not window.document.workflow.nodes
    assert not window.empty.isHidden()
    window.files.new()
    assert titles(window) == ["Untitled", "Untitled (2)"]


def test_on_the_training_page_closing_goes_back_and_opening_shows_the_document(
    open_window: OpenWindow, other: Path, tmp_path: Path
) -> None:
    window = open_window(wait=False)
    window.actions_by_name["training"].trigger()
    window.actions_by_name["close"].trigger()
    assert not window.pages.shows_training
    assert titles(window) == ["trivial"]
    for path in (tmp_path / "trivial.json", other):
        window.actions_by_name["training"].trigger()
        window.files.open(path)
        assert not window.pages.shows_training
        assert window.document.path == path


def test_the_middle_button_closes_what_it_was_pressed_on(open_window: OpenWindow, other: Path) -> None:
    window = open_window(wait=False)
    window.files.open(other)
    bar, middle = window.tabs.line.bar, Qt.MouseButton.MiddleButton
    QTest.mousePress(bar, middle, pos=middle_of(window, 0))
    QTest.mouseRelease(bar, middle, pos=middle_of(window, 1))
    assert len(window.tabs.all) == 2
    QTest.mouseClick(bar, middle, pos=middle_of(window, 0))
    assert titles(window) == ["second"]
    assert window.document.path == other


@pytest.mark.parametrize(
    ("button", "closed"), [(QMessageBox.StandardButton.Cancel, False), (QMessageBox.StandardButton.Discard, True)]
)
def test_unsaved_changes_are_asked_about_and_shown_meanwhile(
    open_window: OpenWindow, other: Path, button: QMessageBox.StandardButton, closed: bool
) -> None:
    window = open_window(wait=False)
    window.document.do(SetSetting("amount", "value", 4))
    window.files.open(other)
    answer(button)
    assert window.tabs.close(window.tabs.all[0]) == closed
    assert [tab.document.title for tab in window.tabs.all] == (["second"] if closed else ["trivial", "second"])
    if not closed:
        assert window.tabs.line.bar.currentIndex() == 0, "the one that is asked about is in front"


def test_dragging_a_tab_reorders_the_documents(open_window: OpenWindow, other: Path) -> None:
    window = open_window(wait=False)
    window.files.open(other)
    QApplication.processEvents()  # the row grows
    bar, left = window.tabs.line.bar, Qt.MouseButton.LeftButton
    start = middle_of(window, 1)
    QTest.mousePress(bar, left, pos=start)
    for share in range(1, 9):
        place = QPointF(start.x() * (1 - share / 8), start.y())
        move = QMouseEvent(QEvent.Type.MouseMove, place, bar.mapToGlobal(place), left, left, PLAIN)
        QApplication.sendEvent(bar, move)
    QTest.mouseRelease(bar, left, pos=QPoint(2, start.y()))
    assert titles(window) == ["second", "trivial"]
    assert [tab.document.title for tab in window.tabs.all] == ["second", "trivial"]
    assert window.document.path == other
    assert window.canvas is window.tabs.canvases.currentWidget().canvas  # type: ignore[attr-defined]


def test_the_tooltip_names_file_and_folder_and_equal_names_are_told_apart(
    open_window: OpenWindow, tmp_path: Path
) -> None:
    window = open_window(wait=False)
    twin = tmp_path / "elsewhere" / "trivial.json"
    twin.parent.mkdir()
    workflow_file.save(Workflow("other"), twin)
    window.files.open(twin)
    assert titles(window) == [f"trivial – {tmp_path.name}", "trivial – elsewhere"]
    assert window.tabs.line.bar.tabToolTip(1) == f"trivial.json\n{twin.parent}"
    window.actions_by_name["close"].trigger()
    assert titles(window) == ["trivial"]


def test_copy_and_paste_go_from_tab_to_tab(open_active: OpenWindow) -> None:
    window = open_active()
    window.canvas.select(["amount", "prompt"])
    QTest.keyClick(window.canvas.viewer, Qt.Key.Key_C, CTRL)
    window.files.new()
    QTest.keyClick(window.canvas.viewer, Qt.Key.Key_V, CTRL)
    assert sorted(node.type for node in window.document.workflow.nodes.values()) == ["test.amount", "test.words"]
    assert len(window.document.workflow.links) == 1
    assert len(window.canvas.view.cards) == 2
    assert window.tabs.all[0].document.clean


def test_a_run_goes_on_behind_another_tab_and_the_queue_is_shared(
    open_window: OpenWindow, qtbot: QtBot, other: Path
) -> None:
    window = open_window(count=60)
    first = begin_run(window, qtbot)
    window.files.open(other)
    second = window.tabs.front
    assert not window.monitor.running
    assert window.status_line.text.startswith("trivial: ")
    assert {card.state.phase for card in window.canvas.view.cards.values()} == {"idle"}
    window.run()
    bar = window.tabs.line.bar
    assert [bar.label(place).mark for place in range(2)] == ["running", "waiting"]
    qtbot.waitUntil(lambda: not second.running)
    assert not first.running, "it came first"
    for tab in (first, second):
        window.tabs.show_tab(tab)
        assert window.monitor.outcome == "finished"
        assert {card.state.phase for card in window.canvas.view.cards.values()} == {"done"}
        assert window.preview.view.image is not None
    assert [bar.label(place).mark for place in range(2)] == ["", ""]
    assert any(": Run started" not in line and "trivial: Finished" in line for line in window.log.lines())


def test_cancel_stops_the_runs_of_the_document_in_front_only(
    open_window: OpenWindow, qtbot: QtBot, other: Path
) -> None:
    window = open_window(count=100_000)
    first = begin_run(window, qtbot)
    window.files.open(other)
    window.run()
    window.cancel()
    assert first.running
    window.tabs.show_tab(first)
    window.cancel()
    qtbot.waitUntil(lambda: not any(tab.running for tab in window.tabs.all))
    assert [tab.view.monitor.outcome for tab in window.tabs.all] == ["cancelled", "cancelled"]


def test_closing_a_tab_stops_its_run_and_the_next_one_goes_on(
    open_window: OpenWindow, qtbot: QtBot, other: Path
) -> None:
    window = open_window(count=100_000)
    first = begin_run(window, qtbot)
    window.files.open(other)
    window.run()
    assert window.tabs.close(first)
    qtbot.waitUntil(lambda: not window.monitor.running)
    assert window.monitor.outcome == "finished"


def test_a_closed_document_is_freed(open_window: OpenWindow, other: Path) -> None:
    window = open_window()
    gc.unfreeze()
    window.files.open(other)
    marks = [weakref.ref(part) for part in (window.document, window.document.workflow, window.canvas, window.preview)]
    marks.append(weakref.ref(window.canvas.view.cards["steps"]))
    QApplication.processEvents()
    window.actions_by_name["close"].trigger()
    settle()
    assert [mark() for mark in marks] == [None] * len(marks)


def test_what_another_program_changes_is_told_in_its_own_tab(
    open_window: OpenWindow, qtbot: QtBot, other: Path
) -> None:
    window = open_window(wait=False)
    window.files.open(other)
    window.tabs.turn(1)
    time.sleep(0.02)  # another time stamp on the disk
    workflow_file.save(Workflow("theirs"), other)
    bar = window.tabs.line.bar
    qtbot.waitUntil(lambda: bar.label(1).mark == "notice")
    assert window.view.notice.isHidden()
    window.tabs.turn(1)
    assert window.view.notice.isVisible()
    window.view.notice.buttons[1].click()
    assert window.document.workflow.title == "theirs"
    assert bar.label(1).mark == ""


def test_a_file_that_is_open_in_another_tab_is_not_written_over(
    open_window: OpenWindow, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(wait=False)
    window.files.open(other)
    before = other.read_bytes()
    window.tabs.turn(1)
    window.document.do(SetTitle("mine"))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(other), ""))
    window.actions_by_name["save_as"].trigger()
    assert "open in another tab" in window.banner.text
    assert other.read_bytes() == before
    assert not window.document.clean


def test_each_tab_keeps_its_view_and_its_selection(open_window: OpenWindow, other: Path) -> None:
    window = open_window(wait=False)
    window.canvas.viewer.zoom(1.7)
    window.canvas.select(["steps"])
    scale = window.canvas.viewer.transform().m11()
    window.files.open(other)
    assert window.canvas.selected() == []
    window.tabs.turn(1)
    assert window.canvas.selected() == ["steps"]
    assert window.canvas.viewer.transform().m11() == scale
    assert set(window.properties.rows) == {"count"}


def test_a_tab_that_nobody_has_looked_at_has_no_canvas(open_window: OpenWindow, other: Path) -> None:
    window = open_window(wait=False)
    document = type(window.document)()
    document.open(other)
    tab: Tab = window.tabs.add(document, show=False)
    assert tab.shown_view is None
    assert titles(window) == ["trivial", "second"]
    window.tabs.show_tab(tab)
    assert set(window.canvas.view.cards) == {"amount", "prompt", "steps", "paint", "last"}


def test_each_document_has_a_painter_of_its_own(open_window: OpenWindow, other: Path) -> None:
    window = open_window(wait=False)
    window.document.do(AddNode(Node(id="boxes", type="loom.layout.boxes")))
    window.painting.open("boxes")
    desk = window.painting.desk
    assert desk is not None
    assert desk.isVisible()
    window.files.open(other)
    assert window.painting.desk is None
    assert not desk.isVisible()
    window.tabs.turn(1)
    assert window.painting.desk is desk
    assert desk.isVisible()
    assert desk.session.target is not None
    desk.leave()
    window.tabs.turn(1)
    window.tabs.turn(1)
    assert not desk.isVisible(), "it was closed"
    window.document.history.mark_clean()
    mark = weakref.ref(desk)
    window.actions_by_name["close"].trigger()
    del desk
    settle()
    assert mark() is None
