"""Choosing a command, exit codes, and what the commands do not import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.commands.command_line import COMMANDS, guarded, has_screen, in_three_parts, main
from core.errors import Cancelled, InputError

ROOT = Path(__file__).resolve().parents[3]


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    printed = capsys.readouterr().out
    assert all(f"main.py {name}" in printed for name in COMMANDS)


def test_an_unknown_option_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--wrong"]) == 2
    assert "usage" in capsys.readouterr().err


def test_an_error_is_told_where_it_is_in_three_lines(capsys: pytest.CaptureFixture[str]) -> None:
    def command(arguments: list[str]) -> int:
        raise InputError("Seed -1 is out of range.", why="Seeds begin at 0.", fix="Use 0.", node="noise", port="seed")

    assert guarded(command, []) == 1
    assert capsys.readouterr().err == "[noise.seed] Seed -1 is out of range.\nSeeds begin at 0.\nUse 0.\n"


def test_an_error_without_a_place_begins_with_what_happened() -> None:
    assert in_three_parts(InputError("A.", why="B.", fix="C.")) == "A.\nB.\nC."


@pytest.mark.parametrize("interruption", [Cancelled, KeyboardInterrupt])
def test_an_interrupted_command_has_an_exit_code_of_its_own(
    interruption: type[BaseException], capsys: pytest.CaptureFixture[str]
) -> None:
    def command(arguments: list[str]) -> int:
        raise interruption

    assert guarded(command, []) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_choosing_a_command_imports_neither_torch_nor_qt() -> None:
    program = (
        "import sys, app.commands.command_line, app.commands.run, app.commands.validate, app.commands.nodes\n"
        "print([name for name in ('torch', 'PySide6', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_mistyped_command_is_told_with_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vaildate", "file.json"]) == 1
    told = capsys.readouterr().err.splitlines()
    assert told[0] == '"vaildate" is neither a command nor a file.'
    assert told[2] == "Use validate."


def test_without_a_screen_the_window_says_so_and_does_not_begin(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert main([]) == 1
    assert "no screen" in capsys.readouterr().err


def test_a_screen_is_told_by_the_environment_on_linux_alone() -> None:
    assert not has_screen("linux", {})
    assert has_screen("linux", {"WAYLAND_DISPLAY": "wayland-0"})
    assert has_screen("darwin", {})


def test_a_reader_that_has_seen_enough_ends_a_command_in_silence() -> None:
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {sys.executable} main.py nodes | head -1"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.returncode == 0


def test_each_of_several_files_must_be_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = tmp_path / "first.json"
    first.write_text("{}", encoding="utf-8")
    assert main([str(first), str(tmp_path / "second.json")]) == 1
    assert "second.json" in capsys.readouterr().err
