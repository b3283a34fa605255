"""Checking a workflow from the command line."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.commands import validate
from app.commands.workflow_input import open_workflow
from core.graph.node_spec import NodeRegistry
from core.imaging.files import write_png


def call(registry: NodeRegistry, path: Path, *, as_json: bool = False) -> int:
    return validate.check(open_workflow(path), registry, argparse.Namespace(file=path, set=[], json=as_json))


def test_a_good_workflow_passes(
    registry: NodeRegistry, saved: Callable[[], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(registry, saved()) == 0
    assert "can run" in capsys.readouterr().out


def test_all_problems_are_told_at_once_each_in_three_parts(
    registry: NodeRegistry,
    document: dict[str, Any],
    saved: Callable[[], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    document["nodes"][0]["settings"] = {"times": -1}
    document["nodes"][1]["type"] = "test.shuot"
    assert call(registry, saved()) == 1
    told = capsys.readouterr().err.strip().split("\n\n")
    assert len(told) == 2
    assert all(len(problem.splitlines()) == 3 for problem in told)


def test_json_carries_node_and_port(
    registry: NodeRegistry,
    document: dict[str, Any],
    saved: Callable[[], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    document["nodes"][0]["settings"] = {"times": -1}
    assert call(registry, saved(), as_json=True) == 1
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert (problem["node"], problem["port"]) == ("word", "times")


def test_a_setting_that_no_node_has_is_told_and_ignored(
    registry: NodeRegistry,
    document: dict[str, Any],
    saved: Callable[[], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    document["nodes"][0]["settings"] = {"tmies": 2}
    assert call(registry, saved()) == 0
    assert '"Word" has no setting "tmies"' in capsys.readouterr().err


def test_a_saved_picture_stands_for_its_workflow(
    registry: NodeRegistry, saved: Callable[[], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = write_png(np.zeros((4, 4, 3), np.uint8), tmp_path, "made", saved().read_text("utf-8"))
    assert call(registry, picture) == 0
    assert "3 nodes" in capsys.readouterr().out
