"""The run folder: what watchers see is whole, and commands are taken once."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from training.run_folder import RunFolder, read_lines, write_atomically


def test_a_torn_last_line_is_ignored(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.metric(step=1, loss=0.5)
    folder.metric(step=2, loss=0.25)
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 3, "lo')
    assert read_lines(tmp_path / "metrics.jsonl") == [{"step": 1, "loss": 0.5}, {"step": 2, "loss": 0.25}]


def test_no_file_has_no_lines(tmp_path: Path) -> None:
    assert read_lines(tmp_path / "metrics.jsonl") == []


def test_a_resumed_run_writes_after_a_torn_line_not_into_it(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_text('{"step": 1}\n{"step": 2, "lo')
    folder = RunFolder(tmp_path)
    folder.metric(step=2, loss=0.25)
    assert read_lines(tmp_path / "metrics.jsonl") == [{"step": 1}, {"step": 2, "loss": 0.25}]


def test_status_tells_who_runs_and_is_replaced_whole(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.status(state="training", step=1)
    folder.status(state="stopped")
    record = json.loads((tmp_path / "status.json").read_text())
    assert (record["state"], record["pid"]) == ("stopped", os.getpid())
    assert record["started"] <= record["heartbeat"]
    assert "step" not in record
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "status.json"
    write_atomically(path, b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"


def test_commands_are_taken_once_in_order_and_damaged_ones_are_dropped(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    for name, text in (("2", '{"command": "stop"}'), ("1", '{"command": "sample"}'), ("3", "{"), ("4", "[]")):
        (tmp_path / "control" / f"{name}.json").write_text(text)
    assert [request["command"] for request in folder.requests()] == ["sample", "stop"]
    assert folder.requests() == []
    ignored = [line["file"] for line in read_lines(tmp_path / "events.jsonl") if line["event"] == "control_ignored"]
    assert ignored == ["3.json", "4.json"]


def test_a_long_file_is_cut_at_its_torn_line_only(tmp_path: Path) -> None:
    whole = b'{"step": 1}\n' * 20_000
    (tmp_path / "metrics.jsonl").write_bytes(whole + b"x" * 100_000)
    RunFolder(tmp_path)
    assert (tmp_path / "metrics.jsonl").read_bytes() == whole
    (tmp_path / "metrics.jsonl").write_bytes(b"x" * 100_000)
    RunFolder(tmp_path)
    assert (tmp_path / "metrics.jsonl").read_bytes() == b""
