"""The index of a run's metrics: incremental, true after torn lines, truncation and crashes, by one writer at a time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from training.watching.curve_index import CurveIndex

Hold = Callable[[Path], CurveIndex]
ROOT = Path(__file__).resolve().parents[3]


def line(step: int, phase: str = "first_stage", **terms: float) -> str:
    return json.dumps({"phase": phase, "step": step, "loss": 1 / step, **terms}) + "\n"


@pytest.fixture
def metrics(tmp_path: Path) -> Path:
    return tmp_path / "metrics.jsonl"


@pytest.fixture
def held() -> Iterator[Hold]:
    """Open an index to write it; it is let go at the end."""
    opened: list[CurveIndex] = []

    def hold(run: Path) -> CurveIndex:
        opened.append(CurveIndex(run))
        assert opened[-1].hold()
        return opened[-1]

    yield hold
    for index in opened:
        index.release()


def steps(index: CurveIndex, phase: str = "first_stage") -> list[int]:
    return index.tables[phase].window("loss", 0, 1e9, 10**6).steps.tolist()


def test_only_new_lines_are_read_and_a_torn_one_waits_for_its_end(held: Hold, metrics: Path) -> None:
    metrics.write_text(line(1) + line(2) + line(3)[:10])
    index = held(metrics.parent)
    assert index.catch_up()
    assert steps(index) == [1, 2]
    assert not index.catch_up()
    with metrics.open("a") as file:
        file.write(line(3)[10:] + line(1, "second_stage"))
    assert index.catch_up()
    assert steps(index) == [1, 2, 3]
    assert steps(index, "second_stage") == [1]
    assert index.behind == 0


def test_a_poll_reads_no_more_than_it_may(held: Hold, metrics: Path) -> None:
    metrics.write_text("".join(line(step) for step in range(1, 501)))
    index = held(metrics.parent)
    index.catch_up(1000)
    assert 900 < index.offset <= 1000
    while index.catch_up(1000):
        pass
    assert steps(index) == list(range(1, 501))


def test_lines_that_are_no_metrics_are_passed_over(held: Hold, metrics: Path) -> None:
    metrics.write_text(line(1) + "not json\n" + '{"step": "two"}\n' + "[1]\n\n" + line(2, kl=float("nan")) + line(3))
    index = held(metrics.parent)
    index.catch_up()
    assert steps(index) == [1, 2, 3]


@pytest.mark.parametrize("text", [line(9) * 1, "".join(line(step, lr=0.5) for step in range(1, 90))])
def test_a_file_that_was_truncated_or_replaced_is_read_anew(held: Hold, metrics: Path, text: str) -> None:
    metrics.write_text("".join(line(step) for step in range(1, 50)))
    first = held(metrics.parent)
    first.catch_up()
    first.release()
    metrics.write_text(text)
    index = held(metrics.parent)
    while index.catch_up():
        pass
    assert steps(index) == [json.loads(each)["step"] for each in text.splitlines()]


def test_an_index_is_taken_over_as_it_was_left(held: Hold, metrics: Path) -> None:
    metrics.write_text("".join(line(step) for step in range(1, 50)))
    first = held(metrics.parent)
    first.catch_up()
    first.release()
    again = CurveIndex(metrics.parent)
    assert (steps(again), again.behind) == (list(range(1, 50)), 0)


def test_one_writes_and_others_read_what_it_wrote(held: Hold, metrics: Path) -> None:
    metrics.write_text(line(1))
    reader, writer = CurveIndex(metrics.parent), held(metrics.parent)
    writer.catch_up()
    assert not reader.hold()
    assert reader.reload()
    assert steps(reader) == [1]
    assert not reader.reload()
    writer.release()
    assert reader.hold()
    reader.release()


def test_a_long_history_is_read_by_a_process_of_its_own(metrics: Path) -> None:
    metrics.write_text("".join(line(step) for step in range(1, 20_001)))
    command = [sys.executable, "-m", "training.watching.curve_index", str(metrics.parent)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=60)
    index = CurveIndex(metrics.parent)
    assert (index.tables["first_stage"].rows, index.behind) == (20_000, 0)


def test_reading_imports_no_torch() -> None:
    script = (
        "import sys, training.watching.curve_index, training.watching.commands, training.watching.run_details; "
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, timeout=60)
