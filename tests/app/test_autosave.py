"""A killed process leaves its edits for the next start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.autosave import Autosave, left_behind
from app.document import Document
from app.main_window import MainWindow
from core.graph import workflow_file
from core.graph.edits import SetSetting, SetTitle
from core.graph.journal import recover
from core.graph.workflow import Workflow

ROOT = Path(__file__).resolve().parents[2]
OpenWindow = Callable[..., MainWindow]
KILLED = """
import sys, time
from pathlib import Path
from PySide6.QtCore import QCoreApplication, QTimer
from app.autosave import Autosave, left_behind
from app.document import Document
from core.graph.edits import SetTitle
application = QCoreApplication([])
document = Document()
document.open(Path(sys.argv[1]))
autosave = Autosave(document, Path(sys.argv[2]))
count = 0
def edit():
    global count
    count += 1
    document.do(SetTitle(f"edit {count}"))
    print(time.monotonic(), count, flush=True)
timer = QTimer()
timer.timeout.connect(edit)
timer.start(20)
application.exec()
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "w.json"
    workflow_file.save(Workflow("first"), path)
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_killed_process_loses_less_than_a_second_of_edits(tmp_path: Path, file: Path) -> None:
    folder = tmp_path / "unsaved"
    command = [sys.executable, "-c", KILLED, str(file), str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(60)]
        assert not left_behind(folder), "the living one's journal is its own"
        os.kill(process.pid, signal.SIGKILL)
        lines += process.stdout.readlines()
    done = {int(count): float(at) for at, count in (line.split() for line in lines)}
    (left,) = left_behind(folder)
    loaded = left.recover()
    assert loaded is not None
    kept = int(loaded.workflow.title.removeprefix("edit "))
    assert max(done.values()) - done[kept] < 1.0
    assert left.file == file
    assert workflow_file.load(file).workflow.title == "first"


def test_the_next_start_offers_what_was_open_and_restores_it(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    leave_behind(tmp_path, qtbot)
    window = open_window(wait=False)
    window.files.offer_unsaved()
    assert "w.json" in window.files.offer.text
    window.document.history.mark_clean()
    window.files.offer.buttons[0].click()
    assert window.document.workflow.title == "unsaved"
    assert window.document.path == tmp_path / "w.json"
    assert not window.document.clean
    assert window.files.offer.isHidden()
    window.document.save(tmp_path / "w.json")
    assert not list((tmp_path / "unsaved").glob("*.journal"))


def test_discarding_removes_it(open_window: OpenWindow, qtbot: QtBot, tmp_path: Path) -> None:
    leave_behind(tmp_path, qtbot)
    window = open_window(wait=False)
    window.files.offer_unsaved()
    window.files.offer.buttons[1].click()
    assert window.document.workflow.title == "Trivial"
    assert not list((tmp_path / "unsaved").iterdir())


def leave_behind(tmp_path: Path, qtbot: QtBot) -> None:
    """Write a journal as a process does, and leave it as a crash would."""
    file = tmp_path / "w.json"
    workflow_file.save(Workflow("first"), file)
    document = Document()
    document.open(file)
    autosave = Autosave(document, tmp_path / "unsaved")
    document.do(SetTitle("unsaved"))
    qtbot.waitUntil(lambda: bool(list((tmp_path / "unsaved").glob("*.journal"))))
    (lock,) = (tmp_path / "unsaved").glob("*.lock")
    assert autosave._lock is not None
    assert autosave._journal is not None
    autosave._journal.close()
    autosave._lock.unlock()
    assert not lock.exists()


def test_saving_and_closing_leave_no_journal(open_window: OpenWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_window(wait=False)
    folder = tmp_path / "unsaved"
    window.document.do(SetSetting("steps", "count", 7))
    qtbot.waitUntil(lambda: bool(list(folder.glob("*.journal"))))
    window.document.save(tmp_path / "saved.json")
    assert not list(folder.iterdir())
    window.document.do(SetSetting("steps", "count", 8))
    window.file.autosave.begin()
    window.document.history.mark_clean()
    window.close()
    assert not list(folder.iterdir())


def test_a_folder_that_cannot_be_written_is_said_once(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    document = Document()
    autosave = Autosave(document, blocked / "unsaved")
    errors: list[object] = []
    autosave.failed.connect(errors.append)
    document.do(SetTitle("a"))
    autosave.begin()
    document.do(SetTitle("b"))
    autosave.begin()
    assert len(errors) == 1


def test_what_a_full_disk_left_of_a_journal_is_kept_until_the_workflow_is_saved(tmp_path: Path, file: Path) -> None:
    resource = pytest.importorskip("resource", reason="limits on file sizes are POSIX only")
    document = Document()
    document.open(file)
    autosave, folder = Autosave(document, tmp_path / "unsaved"), tmp_path / "unsaved"
    errors: list[object] = []
    autosave.failed.connect(errors.append)
    document.do(SetTitle("kept"))
    autosave.begin()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, limits[1]))
    try:
        document.do(SetTitle("x" * 20_000))
        document.do(SetTitle("y" * 20_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert len(errors) == 1
    assert not left_behind(folder), "it is still this one's own"
    loaded = recover(next(folder.glob("*.journal")))
    assert loaded is not None
    assert loaded.workflow.title == "kept"
    document.save(file)
    assert not list(folder.iterdir()), "or the next start would offer what is older than the file"


def test_a_file_that_another_program_changes_is_told_and_loaded_on_request(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(wait=False)
    path = window.document.path
    assert path is not None
    time.sleep(0.02)
    workflow_file.save(Workflow("theirs"), path)
    qtbot.waitUntil(lambda: not window.view.notice.isHidden())
    assert "another program" in window.view.notice.text
    window.view.notice.buttons[1].click()
    assert window.document.workflow.title == "theirs"


def test_ones_own_save_is_no_change_by_another(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(wait=False)
    assert window.document.path is not None
    window.document.do(SetTitle("mine"))
    window.document.save(window.document.path)
    qtbot.wait(400)
    assert window.view.notice.isHidden()


def test_a_journal_that_cannot_be_read_at_all_is_kept_aside(tmp_path: Path) -> None:
    (tmp_path / "torn.journal").write_bytes(b"\x00\xff torn\n{}\n")
    assert left_behind(tmp_path) == []
    assert [path.name for path in tmp_path.iterdir()] == ["torn.damaged"]
    assert (tmp_path / "torn.damaged").read_bytes() == b"\x00\xff torn\n{}\n"
