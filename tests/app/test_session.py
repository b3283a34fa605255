"""What was open in several tabs is there again after the process was killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.session import find_remains
from app.settings import Settings
from core.graph import workflow_file
from core.graph.edits import AddNode, SetTitle
from core.graph.journal import Journal
from core.graph.workflow import Node, Workflow

ROOT = Path(__file__).resolve().parents[2]
OpenWindow = Callable[..., MainWindow]
KILLED = """
import sys, time
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from app.main_window import MainWindow
from app.settings import Settings
from core.graph.edits import SetTitle

class Idle(MainWindow):
    def start_engine(self):
        pass

application = QApplication([])
window = Idle(Settings(Path(sys.argv[1])))
window.show()
for name in sys.argv[2:]:
    window.files.open(Path(name))
window.files.new()
edited = [tab for tab in window.tabs.all if tab.document.title != "untouched"]
count = 0
def edit():
    global count
    count += 1
    tab = edited[count % len(edited)]
    tab.document.do(SetTitle(f"edit {count}"))
    print(time.monotonic(), window.tabs.all.index(tab), count, flush=True)
timer = QTimer()
timer.timeout.connect(edit)
timer.start(20)
window.tabs.show_tab(window.tabs.all[1])
application.exec()
"""


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Three saved workflows."""
    paths = [tmp_path / f"{name}.json" for name in ("one", "two", "untouched")]
    for path in paths:
        workflow_file.save(Workflow("first"), path)
    return paths


def killed_while_editing(tmp_path: Path, files: list[Path], edits: int) -> dict[int, dict[int, float]]:
    """Kill a real window while it edits its tabs; for each tab, when each numbered edit was made, in seconds."""
    command = [sys.executable, "-c", KILLED, str(tmp_path / "settings.ini"), *map(str, files)]
    done: dict[int, dict[int, float]] = {}
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(edits)]
        assert not find_remains(Settings(tmp_path / "settings.ini")).documents, "the living one's are its own"
        os.kill(process.pid, signal.SIGKILL)
        lines += process.stdout.readlines()
    for line in lines:
        at, tab, count = line.split()
        done.setdefault(int(tab), {})[int(count)] = float(at)
    return done


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_killed_window_loses_less_than_a_second_of_any_tab_and_all_tabs_come_back(
    open_window: OpenWindow, tmp_path: Path, files: list[Path]
) -> None:
    done = killed_while_editing(tmp_path, files, 120)
    assert set(done) == {0, 1, 3}, "two files and the new one, not the third file"
    window = open_window(wait=False)
    window.files.offer_unsaved()
    offer = window.files.offer
    assert '"one.json"' in offer.text
    assert "4 workflows were open" in offer.text
    offer.buttons[0].click()
    assert offer.isHidden()
    trivial, *restored = window.tabs.all
    assert trivial.document.title == "trivial"
    assert [tab.document.path for tab in restored] == [*files, None]
    for place, tab in enumerate(restored):
        assert tab.document.clean == (place == 2)
        if place in done:
            kept = int(tab.document.workflow.title.removeprefix("edit "))
            assert max(done[place].values()) - done[place][kept] < 1.0
    assert window.tabs.front is restored[1], "the one that was looked at"
    assert [tab.shown_view is None for tab in restored] == [True, False, True, True]
    assert all(workflow_file.load(file).workflow.title == "first" for file in files)
    again = find_remains(window.settings)
    assert not again.documents
    assert not again.sessions


def left_open(tmp_path: Path, *entries: Mapping[str, object]) -> Path:
    """Write what a window writes that is then killed."""
    folder = tmp_path / "open"
    folder.mkdir(exist_ok=True)
    path = folder / "dead.session"
    path.write_text(json.dumps(entries))
    return path


def test_saved_files_that_were_open_are_offered_too(open_window: OpenWindow, tmp_path: Path, files: list[Path]) -> None:
    gone = tmp_path / "gone.json"
    path = left_open(tmp_path, *({"title": "", "file": str(file), "journal": None} for file in (*files[:2], gone)))
    window = open_window(wait=False)
    window.files.offer_unsaved()
    assert window.files.offer.text == 'Latent Loom ended unexpectedly while "one.json" and "two.json" were open.'
    window.files.offer.buttons[0].click()
    assert [tab.document.path for tab in window.tabs.all][1:] == files[:2]
    assert all(tab.document.clean for tab in window.tabs.all)
    assert not path.exists()


def test_what_is_restored_into_the_empty_tab_in_front_is_shown(
    open_window: OpenWindow, tmp_path: Path, files: list[Path]
) -> None:
    left_open(tmp_path, {"title": "", "file": str(files[0]), "journal": None, "front": True})
    window = open_window(wait=False)
    window.files.new()
    window.tabs.line.bar.moveTab(1, 0)
    window.files.offer_unsaved()
    window.files.offer.buttons[0].click()
    assert [tab.document.title for tab in window.tabs.all] == ["one", "trivial"]
    assert window.document.path == files[0]


def leave_journal(tmp_path: Path, file: Path) -> Path:
    """Leave unsaved edits of a file as a crash does; return the journal."""
    folder = tmp_path / "unsaved"
    folder.mkdir()
    journal = Journal(folder / "dead.journal")
    workflow = Workflow("first")
    for name in ("a", "b"):
        workflow.apply(AddNode(Node(id=name, type="test.amount")))
    journal.start(workflow)
    journal.append(SetTitle("unsaved"))
    journal.close()
    journal.path.with_suffix(".json").write_text(json.dumps({"title": file.stem, "file": str(file)}))
    return journal.path


def test_what_another_window_has_restored_meanwhile_is_not_said_to_be_restored(
    open_window: OpenWindow, tmp_path: Path, files: list[Path]
) -> None:
    journal = leave_journal(tmp_path, files[0])
    window = open_window(wait=False)
    window.files.offer_unsaved()
    journal.unlink()
    window.files.offer.buttons[0].click()
    assert len(window.tabs.all) == 1
    assert "another window" in window.banner.text
    assert not any("Restored" in line for line in window.log.lines())


def test_what_is_left_of_a_damaged_journal_does_not_replace_the_file(
    open_window: OpenWindow, tmp_path: Path, files: list[Path]
) -> None:
    journal = leave_journal(tmp_path, files[0])
    journal.write_bytes(journal.read_bytes().replace(b'"frames":[]', b'"frames":[?]'))
    window = open_window(wait=False)
    window.files.offer_unsaved()
    window.files.offer.buttons[0].click()
    assert set(window.document.workflow.nodes) == {"a", "b"}
    assert window.document.path is None


def test_declining_forgets_them(open_window: OpenWindow, tmp_path: Path, files: list[Path]) -> None:
    path = left_open(tmp_path, {"title": "one", "file": str(files[0]), "journal": None, "front": True})
    window = open_window(wait=False)
    window.files.offer_unsaved()
    window.files.offer.buttons[1].click()
    assert len(window.tabs.all) == 1
    assert not path.exists()


def test_one_that_is_damaged_does_not_keep_the_others(
    open_window: OpenWindow, tmp_path: Path, files: list[Path]
) -> None:
    files[0].write_text("{")
    left_open(tmp_path, *({"title": "", "file": str(file), "journal": None} for file in files))
    window = open_window(wait=False)
    window.files.offer_unsaved()
    window.files.offer.buttons[0].click()
    assert [tab.document.path for tab in window.tabs.all][1:] == files[1:]
    assert any("one.json" in line for line in window.log.lines())


def test_a_damaged_session_is_left_aside(tmp_path: Path) -> None:
    left_open(tmp_path).write_text('[{"file"')
    assert not find_remains(Settings(tmp_path / "settings.ini")).documents


def test_what_is_open_is_written_as_it_changes_and_removed_at_the_end(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path, files: list[Path]
) -> None:
    window = open_window(wait=False)

    def written() -> list[tuple[str, bool, bool]]:
        entries = [json.loads(path.read_text()) for path in (tmp_path / "open").glob("*.session")]
        return [(Path(e["file"]).name, e["front"], e["journal"] is not None) for each in entries for e in each]

    qtbot.waitUntil(lambda: written() == [("trivial.json", True, False)])
    window.files.open(files[0])
    window.document.do(SetTitle("changed"))
    qtbot.waitUntil(lambda: written() == [("trivial.json", False, False), ("one.json", True, True)])
    window.document.history.mark_clean()
    window.actions_by_name["close"].trigger()
    qtbot.waitUntil(lambda: written() == [("trivial.json", True, False)])
    window.close()
    assert not list((tmp_path / "open").iterdir())
    assert not list((tmp_path / "unsaved").iterdir())


def test_the_window_closes_where_what_was_open_cannot_be_forgotten(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window()
    qtbot.waitUntil(lambda: bool(list((tmp_path / "open").glob("*.session"))))
    (path,) = (tmp_path / "open").glob("*.session")
    path.unlink()
    path.mkdir()  # which no unlink removes, whoever runs this
    assert window.close()
    assert not window.worker.alive
