"""Running a workflow from the command line: settings, output folder, reports, failures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.commands import run
from app.commands.command_line import guarded
from app.commands.workflow_input import open_workflow
from core.graph.node_spec import NodeRegistry

Saved = Callable[[], Path]


def call(registry: NodeRegistry, path: Path, *arguments: str) -> int:
    def command(rest: list[str]) -> int:
        options = run.parse(rest)
        return run.run(open_workflow(options.file), registry, options)

    return guarded(command, [str(path), *arguments])


def test_a_run_names_the_files_that_it_wrote(
    registry: NodeRegistry, saved: Saved, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(registry, saved(), "--set", "word.text=hello") == 0
    assert capsys.readouterr().out.split() == [str(tmp_path / "own" / "text.txt")]
    assert (tmp_path / "own" / "text.txt").read_text(encoding="utf-8") == "HELLO"


def test_out_wins_over_a_folder_in_the_workflow(registry: NodeRegistry, saved: Saved, tmp_path: Path) -> None:
    assert call(registry, saved(), "--out", str(tmp_path / "other")) == 0
    assert (tmp_path / "other" / "text.txt").exists()
    assert not (tmp_path / "own").exists()


def test_json_is_one_object_on_stdout(registry: NodeRegistry, saved: Saved, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(registry, saved(), "--json", "--set", "word.times=3") == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["ran"] == 3
    assert [Path(path).name for path in printed["files"]] == ["text.txt"]
    assert set(printed["nodes"]) == {"word", "shout", "write"}


def test_progress_into_a_pipe_is_plain_lines(
    registry: NodeRegistry, saved: Saved, capsys: pytest.CaptureFixture[str]
) -> None:
    call(registry, saved(), "--set", "word.text=0123456789")
    errors = capsys.readouterr().err
    assert "Shout: step 2 of 10" in errors
    assert "step 3 of" not in errors
    assert "[3/3] Write" in errors
    assert "\x1b" not in errors


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("word.text", "cannot be read"),
        ("text=hello", "cannot be read"),
        ("wrod.text=hello", 'Use "word"'),
        ("word.tetx=hello", 'Use "text"'),
        ("word.times=many", "takes a whole number"),
        ("word.times=-1", "Use 1"),
        ("word.text=" + "x" * 10_000, "10,000 characters"),
    ],
)
def test_a_wrong_setting_is_told_in_three_parts_with_the_way_out(
    registry: NodeRegistry, saved: Saved, capsys: pytest.CaptureFixture[str], assignment: str, said: str
) -> None:
    assert call(registry, saved(), "--set", assignment) == 1
    errors = capsys.readouterr().err
    assert said in errors
    assert len(errors.strip().splitlines()) == 3


def test_every_problem_is_told_before_anything_runs(
    registry: NodeRegistry,
    document: dict[str, Any],
    saved: Saved,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    document["nodes"][0]["settings"] = {"times": -1}
    document["links"].pop()
    assert call(registry, saved()) == 1
    errors = capsys.readouterr().err
    assert "[word.times]" in errors
    assert "[write.text]" in errors
    assert not (tmp_path / "own").exists()


def test_a_file_name_that_cannot_be_written_names_the_node(
    registry: NodeRegistry, saved: Saved, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "own").write_text("a file where the folder should be", encoding="utf-8")
    assert call(registry, saved()) == 1
    assert "[write] " in capsys.readouterr().err


def test_a_damaged_file_is_told_in_three_parts(
    registry: NodeRegistry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "torn.json"
    path.write_text('{"format": "latent-loom-work', encoding="utf-8")
    assert call(registry, path) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 3


def test_an_option_without_its_value_is_a_usage_error() -> None:
    with pytest.raises(SystemExit) as stopped:
        run.parse(["workflow.json", "--set"])
    assert stopped.value.code == 2


def test_what_a_node_notes_goes_to_stderr(
    registry: NodeRegistry, saved: Saved, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(registry, saved(), "--set", "word.text=Quiet") == 0
    captured = capsys.readouterr()
    assert "Shout: A rare letter." in captured.err
    assert "rare" not in captured.out
