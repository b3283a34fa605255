"""Exporting from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.commands.command_line import main


def test_a_folder_that_is_no_run_is_told_in_three_parts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(tmp_path), str(tmp_path / "out")]) == 1
    told = capsys.readouterr().err
    assert "has no checkpoint" in told
    assert "Name a run folder" in told
