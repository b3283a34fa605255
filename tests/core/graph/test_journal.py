"""What was done since the last save survives the death of the process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import InputError
from core.graph.edits import AddNode, Rename, SetSetting, SetTitle
from core.graph.history import History
from core.graph.journal import Journal, journal_path, recover
from core.graph.workflow import Node, Workflow
from core.graph.workflow_file import dumps


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return journal_path(tmp_path / "w.json")


def write(path: Path) -> Workflow:
    """A start, two edits and an undo."""
    history = History(Workflow("start"))
    journal = Journal(path)
    journal.start(history.workflow)
    history.subscribe(journal.append)
    history.do(AddNode(Node(id="a", type="t.number")))
    history.do(SetSetting("a", "value", 5))
    history.do(SetTitle("end"))
    history.undo()
    journal.close()
    return history.workflow


def test_replaying_gives_the_last_state(path: Path) -> None:
    workflow = write(path)
    loaded = recover(path)
    assert loaded is not None
    assert loaded.warnings == ()
    assert dumps(loaded.workflow) == dumps(workflow)


def test_edits_survive_a_process_that_is_killed(path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from core.graph.edits import SetTitle; from core.graph.journal import Journal\n"
        "from core.graph.workflow import Workflow\n"
        "journal = Journal(Path(sys.argv[1])); journal.start(Workflow()); journal.append(SetTitle('kept'))\n"
        "os.kill(os.getpid(), getattr(signal, 'SIGKILL', signal.SIGTERM))\n"
    )
    root = Path(__file__).resolve().parents[3]
    subprocess.run([sys.executable, "-c", code, str(path)], cwd=root, env={**os.environ, "PYTHONPATH": str(root)})
    loaded = recover(path)
    assert loaded is not None
    assert loaded.workflow.title == "kept"


def test_every_torn_end_gives_the_edits_before_it(path: Path) -> None:
    write(path)
    whole = path.read_bytes()
    header = whole.index(b"\n") + 1
    for length in range(header, len(whole)):
        path.write_bytes(whole[:length])
        loaded = recover(path)
        if whole[header:length].count(b"\n") == 0:
            assert loaded is None
        else:
            assert loaded is not None
            assert loaded.warnings == ()
            assert "a" in loaded.workflow.nodes


def test_a_line_that_does_not_fit_ends_the_replay_with_a_warning(path: Path) -> None:
    write(path)
    journal = Journal(path)
    lines = path.read_bytes().splitlines(keepends=True)
    for bad in (b"not json\n", b'{"edit":"Rename","node":"gone","title":null}\n', b"\xff\xfe\n"):
        path.write_bytes(b"".join([*lines[:2], bad, *lines[2:]]))
        loaded = recover(path)
        assert loaded is not None
        assert len(loaded.warnings) == 1
        assert "line 3" in loaded.warnings[0]
        assert loaded.workflow.nodes["a"].settings == {}
    journal.discard()


def test_a_damaged_first_line_is_said(path: Path) -> None:
    write(path)
    path.write_bytes(b"x" + path.read_bytes())
    with pytest.raises(InputError):
        recover(path)


def test_there_is_nothing_to_recover_after_a_save_or_a_clean_end(path: Path) -> None:
    assert recover(path) is None
    workflow = write(path)
    journal = Journal(path)
    journal.start(workflow)
    assert recover(path) is None
    journal.append(Rename("a", "Mine"))
    assert recover(path) is not None
    journal.discard()
    journal.discard()
    journal.append(SetTitle("ignored"))
    assert recover(path) is None
    assert list(path.parent.iterdir()) == []
