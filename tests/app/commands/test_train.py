"""Training from the command line: how its arguments are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.commands.command_line import guarded
from app.commands.train import main, read_overrides


def test_overrides_are_read_and_the_last_one_holds() -> None:
    assert read_overrides(["a.steps=1", "b=x=y", "a.steps=2"]) == {"a.steps": "2", "b": "x=y"}


def test_an_override_without_a_value_is_told_in_three_parts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(main, [str(tmp_path), "--set", "steps"]) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 3


def test_a_missing_config_is_told_in_three_parts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(main, [str(tmp_path / "none.toml")]) == 1
    errors = capsys.readouterr().err
    assert "none.toml" in errors
    assert len(errors.strip().splitlines()) == 3
