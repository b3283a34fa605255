"""The entry point of the benchmarks: listing, JSON, the table, failures."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from types import ModuleType
from typing import Any

import pytest

from benchmarks import __main__ as entry
from core.errors import InputError

FIGURES = {
    "delay, longest": {"value": 12.5, "unit": "ms", "goal": 100.0, "holds": True, "n": 240, "peer": None},
    "nodes": {"value": 20000, "unit": "a second", "goal": 30000, "holds": False, "n": 5, "peer": 1500},
    "ceiling": {"value": 0.97, "unit": "share", "goal": None, "holds": None, "n": 300, "peer": None},
}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A benchmark called "small" of one module that gives FIGURES at once."""
    module: Any = ModuleType("benchmarks_small")
    module.measure = lambda: FIGURES if sys.stdout.write("noise") else {}
    monkeypatch.setitem(sys.modules, "benchmarks_small", module)
    monkeypatch.setitem(entry.BENCHMARKS, "small", entry.Benchmark("quick", ("benchmarks_small",)))
    return module


@pytest.mark.parametrize("name", sorted(entry.BENCHMARKS))
def test_every_benchmark_in_the_table_exists(name: str) -> None:
    assert all(importlib.util.find_spec(module) for module in entry.BENCHMARKS[name].modules)


def test_without_a_name_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main([]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert listed == list(entry.BENCHMARKS)


def test_json_is_one_object_with_figures_and_machine(small: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["small", "--json"]) == 0
    printed = capsys.readouterr()
    found = json.loads(printed.out)
    assert found["figures"] == FIGURES
    assert found["machine"]["cores"] >= 1
    assert {"processor", "system", "python", "torch"} <= set(found["machine"])
    assert "noise" in printed.err


def test_the_table_says_what_holds_and_what_falls_short(small: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["small"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.split(r" {2,}", lines[1]) == ["delay, longest", "12.5 ms", "100", "holds", "240", "-"]
    assert "falls short" in lines[2]
    assert "1,500" in lines[2]
    assert "holds" not in lines[3]
    assert "falls short" not in lines[3]


def test_a_real_benchmark_gives_figures_of_the_agreed_form(monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks import runtime_chains

    monkeypatch.setattr(runtime_chains, "LENGTHS", (10, 20))
    monkeypatch.setattr(runtime_chains, "REPETITIONS", 1)
    figures = entry.measure(["benchmarks.runtime_chains"])
    assert figures
    for figure in figures.values():
        assert set(figure) == {"value", "unit", "goal", "holds", "n", "peer"}
    assert entry.table(figures)


@pytest.mark.parametrize(
    "error", [RuntimeError("it broke"), InputError("There is no model.", why="None is installed.", fix="Install one.")]
)
def test_what_cannot_be_measured_is_told_in_three_parts(
    small: Any, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    def fail() -> None:
        raise error

    small.measure = fail
    assert entry.main(["small", "--json"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.splitlines()) == 3


def test_two_figures_of_one_name_are_refused(small: ModuleType) -> None:
    with pytest.raises(RuntimeError, match="a second figure called 'ceiling'"):
        entry.measure(["benchmarks_small", "benchmarks_small"])


def test_an_unknown_name_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        entry.main(["speling"])
    assert stopped.value.code == 2
    assert "runtime" in capsys.readouterr().err
