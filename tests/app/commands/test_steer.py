"""Steering a run from a terminal: what is put into its folder, and what cannot be told to anybody."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.commands.command_line import guarded
from app.commands.steer import COMMANDS, main
from training.run_folder import RunFolder
from training.watching import commands


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A run that this process works on."""
    folder = RunFolder(tmp_path / "runs" / "tiny")
    (folder.path / "config.toml").touch()
    folder.status(state="training")
    return folder


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_lies_in_the_run_folder(run: RunFolder, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(main, [str(run.path), command]) == 0
    (request,) = run.requests()
    assert request["command"] in commands.COMMANDS
    assert request["command"].replace("_", "-") == command
    assert capsys.readouterr().out.startswith("told tiny to ")


def test_a_run_that_nothing_works_on_is_told_nothing(run: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    run.status(state="stopped")
    assert guarded(main, [str(run.path), "pause"]) == 1
    errors = capsys.readouterr().err
    assert "it is stopped" in errors
    assert len(errors.strip().splitlines()) == 3
    assert run.requests() == []


def test_what_is_no_run_is_told_in_three_parts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(main, [str(tmp_path), "pause"]) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 3


def test_the_help_says_of_each_command_what_the_window_says(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    helped = capsys.readouterr().out.lower()
    assert all(commands.COMMANDS[name.replace("-", "_")].lower() in helped for name in COMMANDS)


def test_an_unknown_command_is_a_wrong_command_line(run: RunFolder) -> None:
    with pytest.raises(SystemExit) as ended:
        main([str(run.path), "halt"])
    assert ended.value.code == 2
