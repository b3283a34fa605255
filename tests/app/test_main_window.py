"""The window as a person uses it, over trivial nodes and a real worker."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QRect, Qt, QTimer
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QListWidget, QMessageBox, QPlainTextEdit
from pytestqt.qtbot import QtBot

from app.document import DEFAULT_WORKFLOW
from app.main_window import MainWindow, fit_screen
from app.settings import Settings
from core.errors import LoomError
from core.graph import workflow_file
from core.graph.edits import AddNode, Rename, SetSetting
from core.graph.workflow import Node, Workflow

OpenWindow = Callable[..., MainWindow]


def prompt_field(window: MainWindow) -> QPlainTextEdit:
    field = window.properties.rows["text"].control.focusProxy()
    assert isinstance(field, QPlainTextEdit)
    return field


def test_the_prompt_is_in_sight_at_the_start(open_window: OpenWindow) -> None:
    window = open_window()
    assert prompt_field(window).toPlainText() == "hello"
    assert prompt_field(window).isVisible()


def test_typing_in_the_prompt_is_one_undo_step_and_ctrl_z_works_inside_the_field(open_window: OpenWindow) -> None:
    window = open_window()
    field = prompt_field(window)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "a red fox")
    assert window.document.workflow.nodes["prompt"].settings["text"] == "a red fox"
    QTest.keyClick(field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.document.workflow.nodes["prompt"].settings["text"] == "hello"
    assert field.toPlainText() == "hello"
    QTest.keyClick(field, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert field.toPlainText() == "a red fox"


def test_a_run_shows_progress_pictures_and_times(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(count=40)
    seen: list[tuple[int, int]] = []

    def watch(_message: object) -> None:
        state = window.canvas.view.cards["steps"].state
        if state.phase == "running" and state.total:
            seen.append((state.done, state.total))

    window.bridge.arrived.connect(watch)
    window.actions_by_name["run"].trigger()
    qtbot.waitUntil(lambda: window.monitor.outcome == "finished")
    assert seen == sorted(seen)
    assert len({done for done, _ in seen}) > 1
    assert {total for _, total in seen} == {40}
    states = {id: card.state for id, card in window.canvas.view.cards.items()}
    assert all(state.phase == "done" and state.seconds is not None for state in states.values())
    assert states["steps"].preview is not None
    assert states["paint"].preview is not None
    assert window.preview.view.image is not None
    assert (window.preview.view.image.width(), window.preview.view.image.height()) == (12, 8)
    assert window.status_line.text == "Finished"


def test_a_second_run_marks_cached_nodes(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window()
    window.run()
    qtbot.waitUntil(lambda: not window.monitor.running and window.monitor.outcome == "finished")
    window.run()
    qtbot.waitUntil(lambda: not window.monitor.running and window.monitor.outcome == "finished")
    assert window.canvas.view.cards["steps"].state.cached


def test_cancel_acts_within_one_step(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(count=100_000)
    window.run()
    qtbot.waitUntil(lambda: window.canvas.view.cards["steps"].state.done > 1)
    QTest.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.monitor.running)
    assert window.monitor.outcome == "cancelled"
    assert window.canvas.view.cards["steps"].state.phase == "idle"
    assert window.status_line.text == "Cancelled"


def test_a_failure_shows_three_parts_on_the_node_and_in_the_banner(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(last="test.fail")
    window.run()
    qtbot.waitUntil(lambda: window.monitor.outcome == "failed")
    assert window.banner.text == "Fail: It failed. It always does. Do not use it."
    assert window.canvas.view.cards["last"].state.error == "It failed. Do not use it."
    assert window.canvas.view.cards["paint"].state.preview is not None, "what was made before stays"
    window.banner.node_asked.emit("last")
    assert window.canvas.selected() == ["last"]
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert window.banner.isHidden()


def test_all_problems_are_marked_before_anything_runs(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window()
    window.document.do(SetSetting("amount", "value", -1))
    window.document.do(SetSetting("prompt", "text", "x" * 51))
    window.run()
    qtbot.waitUntil(lambda: window.monitor.outcome == "failed")
    states = {id: card.state for id, card in window.canvas.view.cards.items()}
    assert "value" in states["amount"].faults
    assert "text" in states["prompt"].faults
    assert "-1" in states["amount"].error


def test_run_waits_for_the_engine(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(wait=False)
    assert not window.actions_by_name["run"].isEnabled()
    assert window.status_line.text == "Loading engine…"
    qtbot.waitUntil(lambda: window.engine_ready)
    assert window.actions_by_name["run"].isEnabled()
    assert window.status_line.device == "a device"


def test_close_while_running_joins_the_worker(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(count=100_000)
    window.run()
    qtbot.waitUntil(lambda: window.canvas.view.cards["steps"].state.done > 0)
    assert window.close()
    assert not window.worker.alive


@pytest.mark.parametrize(
    ("answer", "closed"), [(QMessageBox.StandardButton.Cancel, False), (QMessageBox.StandardButton.Discard, True)]
)
def test_unsaved_changes_are_asked_about(
    open_window: OpenWindow, answer: QMessageBox.StandardButton, closed: bool
) -> None:
    window = open_window()
    window.document.do(SetSetting("amount", "value", 4))
    assert window.isWindowModified()

    def reply() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        box.button(answer).click()

    QTimer.singleShot(0, reply)
    assert window.close() == closed


def test_save_and_open_give_the_same_workflow(
    open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window()
    window.document.do(SetSetting("amount", "value", 77))
    path = tmp_path / "saved.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(path), ""))
    window.actions_by_name["save_as"].trigger()
    assert window.document.clean
    assert window.document.path == path
    before = workflow_file.dumps(window.document.workflow)
    window.files.new()
    assert not window.canvas.view.cards
    window.files.open(path)
    assert workflow_file.dumps(window.document.workflow) == before
    assert set(window.canvas.view.cards) == {"amount", "prompt", "steps", "paint", "last"}
    assert len(window.canvas.view.links) == 4


def test_a_damaged_file_leaves_the_workflow_and_says_why(open_window: OpenWindow, tmp_path: Path) -> None:
    window = open_window()
    path = tmp_path / "damaged.json"
    path.write_text('{"format": "latent-loom-workflow", "ver', encoding="utf-8")
    window.files.open(path)
    assert len(window.document.workflow.nodes) == 5
    assert not window.banner.isHidden()
    assert "damaged.json" in window.banner.text


@pytest.mark.parametrize("kind", ["folder", "text", "missing"])
def test_a_file_that_cannot_be_read_is_refused_without_asking_for_unsaved_changes(
    open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    window = open_window()
    window.document.do(SetSetting("amount", "value", 4))
    monkeypatch.setattr(window.file, "may_leave", lambda: pytest.fail("it asked"))
    path = tmp_path / "dropped"
    if kind == "folder":
        path.mkdir()
    elif kind == "text":
        path.write_text("no workflow", encoding="utf-8")
    window.canvas.file_dropped.emit(str(path))
    assert "dropped" in window.banner.text
    assert window.document.workflow.nodes["amount"].settings["value"] == 4
    monkeypatch.undo()


def test_opening_the_same_file_again_after_saving_shows_what_was_saved(
    open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window()
    path = window.document.path
    assert path is not None
    window.document.do(SetSetting("amount", "value", 4))
    monkeypatch.setattr(window.file, "may_leave", window.file.save)
    window.files.open(path)
    assert window.document.workflow.nodes["amount"].settings["value"] == 4
    monkeypatch.undo()


def test_a_saved_picture_opens_its_workflow(open_window: OpenWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_window()
    window.run()
    qtbot.waitUntil(lambda: window.monitor.outcome == "finished")
    path = tmp_path / "picture.png"
    window.preview.save(path)
    window.files.new()
    window.files.open(path)
    assert set(window.document.workflow.nodes) == {"amount", "prompt", "steps", "paint", "last"}
    assert window.document.path is None


def test_a_picture_without_a_workflow_is_refused(open_window: OpenWindow, tmp_path: Path) -> None:
    window = open_window()
    path = tmp_path / "plain.png"
    QImage(4, 4, QImage.Format.Format_RGB888).save(str(path))
    window.files.open(path)
    assert "No workflow was found" in window.banner.text


def test_an_unwritable_picture_is_an_error_in_three_parts(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window()
    window.run()
    qtbot.waitUntil(lambda: window.monitor.outcome == "finished")
    errors: list[LoomError] = []
    window.preview.failed.connect(errors.append)
    window.preview.save(Path("/nowhere/at/all.png"))
    assert "No such file or directory" in errors[0].why
    assert errors[0].fix


def test_geometry_is_kept(open_window: OpenWindow, tmp_path: Path) -> None:
    window = open_window()
    window.resize(1100, 700)
    window.close()
    assert Settings(tmp_path / "settings.ini").state("geometry") == window.saveGeometry()


def test_the_window_is_no_larger_than_the_screen(open_window: OpenWindow) -> None:
    window = open_window()
    room = QRect(40, 30, 853, 533)  # a screen of 1280 x 800 at 150 %
    fit_screen(window, room)
    assert window.frameGeometry().width() <= room.width()
    assert window.frameGeometry().height() <= room.height()


def test_an_edit_of_the_node_at_fault_takes_its_error_away(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window()
    window.document.do(SetSetting("amount", "value", -1))
    window.run()
    qtbot.waitUntil(lambda: window.monitor.outcome == "failed")
    window.document.do(SetSetting("amount", "value", 1))
    assert not window.canvas.view.cards["amount"].state.error


def test_a_second_click_on_run_does_not_queue_a_second_run(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window()
    window.run()
    window.run()
    qtbot.waitUntil(lambda: window.monitor.outcome == "finished")
    assert not window.monitor.running
    assert [line for line in window.log.lines() if line.endswith("Run started")] == [window.log.lines()[0]]


def test_a_shipped_workflow_opens_as_a_new_one(
    open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window()
    before = DEFAULT_WORKFLOW.read_bytes()
    window.files.open(DEFAULT_WORKFLOW)
    window.document.do(Rename("prompt", "Mine"))
    asked: list[str] = []
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *parts: (asked.append(parts[2]), ("", ""))[1])
    window.actions_by_name["save"].trigger()
    assert len(asked) == 1
    assert not Path(asked[0]).is_relative_to(DEFAULT_WORKFLOW.parent)
    assert DEFAULT_WORKFLOW.read_bytes() == before


def test_unknown_kinds_are_named_when_the_file_is_opened(open_window: OpenWindow, tmp_path: Path) -> None:
    window = open_window()
    path = tmp_path / "strange.json"
    workflow = Workflow()
    workflow.apply(AddNode(Node(id="a", type="test.paimt")))
    workflow.apply(AddNode(Node(id="b", type="elsewhere.thing")))
    workflow_file.save(workflow, path)
    window.files.open(path)
    assert not window.banner.isHidden()
    assert '"test.paimt" (nearest known: "test.paint"), "elsewhere.thing"' in window.banner.text
    window.files.open(tmp_path / "trivial.json")
    assert window.banner.isHidden()


def test_recent_files_are_offered_and_open(open_window: OpenWindow, tmp_path: Path) -> None:
    window = open_window()
    window.recent_menu.aboutToShow.emit()
    assert [action.isEnabled() for action in window.recent_menu.actions()] == [False]
    window.files.open(tmp_path / "trivial.json")
    window.files.new()
    window.recent_menu.aboutToShow.emit()
    (action,) = window.recent_menu.actions()
    assert action.toolTip() == str(tmp_path / "trivial.json")
    action.trigger()
    assert len(window.document.workflow.nodes) == 5


def test_the_status_says_where_the_picture_was_saved(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    window = open_window(last="test.write")
    for words in ("saved", "already saved"):
        window.run()
        qtbot.waitUntil(lambda: not window.monitor.running)
        assert window.status_line.text == f"Finished – {words} output/grey.txt"
    assert any(line.endswith(f"Saved {tmp_path / 'output' / 'grey.txt'}") for line in window.log.lines())


def test_the_log_opens_at_its_newest_line(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window()
    for index in range(200):
        window.log.say(f"line {index}")
    window.actions_by_name["log"].trigger()
    bar = window.log.findChild(QListWidget).verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0 and bar.value() == bar.maximum())


def test_a_note_stands_on_the_card_and_in_the_log_until_it_no_longer_holds(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window()
    window.document.do(SetSetting("prompt", "text", "a penguin"))
    for _ in range(2):
        window.run()
        qtbot.waitUntil(lambda: not window.monitor.running)
        state = window.canvas.view.cards["prompt"].state
        assert (state.message, state.error) == ("Not among the words: penguin.", "")
    assert state.cached
    assert sum(line.endswith("Words: Not among the words: penguin.") for line in window.log.lines()) == 2
    window.document.do(SetSetting("prompt", "text", "a fox"))
    assert not window.canvas.view.cards["prompt"].state.message
    window.run()
    qtbot.waitUntil(lambda: not window.monitor.running)
    assert not window.canvas.view.cards["prompt"].state.message
