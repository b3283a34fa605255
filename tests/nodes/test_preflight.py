"""What headers tell before a run, at the nodes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from core.checkpoints import model_library
from core.graph.validation import Problem
from core.graph.workflow import Link, Node, Workflow
from nodes import registry
from nodes.preflight import model_problems


@pytest.fixture
def library(installed_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of models that may be damaged."""
    models = tmp_path / "models"
    shutil.copytree(installed_models, models)
    monkeypatch.setattr(model_library, "SHIPPED", models)
    return models


def problems(kind: str, settings: dict[str, Any], **noise: Any) -> list[Problem]:
    workflow = Workflow()
    workflow.put_node(Node(id="model", type=kind, settings=settings))
    workflow.put_node(Node(id="noise", type="loom.latent.noise", settings=noise))
    workflow.put_link(Link("model", "autoencoder", "noise", "autoencoder"))
    return model_problems(workflow, registry())


def test_a_size_that_is_no_multiple_of_the_factor_is_said_at_its_node(library: Path) -> None:
    (problem,) = problems("loom.load.model", {"model": "one"}, width=500, height=64)
    assert problem.what == "Width 500 cannot be encoded."
    assert "multiples of 8" in problem.why
    assert (problem.node, problem.port) == ("noise", "width")
    assert problems("loom.load.model", {"model": "one"}, width=504, height=64) == []


def test_each_size_of_a_sweep_is_checked_and_said_once(library: Path) -> None:
    sizes = {"sweep": [64, 501, 502]}
    found = problems("loom.load.model", {"model": "one"}, width=sizes, height={"sweep": [64, 128]})
    assert [problem.what for problem in found] == ["Width 501 cannot be encoded.", "Width 502 cannot be encoded."]


@pytest.mark.parametrize("part", ["denoiser", "autoencoder", "text_encoder"])
def test_a_truncated_weight_file_is_said_at_the_node_that_loads_it(library: Path, part: str) -> None:
    file = library / "one" / f"{part}.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    (problem,) = problems("loom.load.model", {"model": "one"}, width=64, height=64)
    assert f"{part}.safetensors is damaged or truncated" in problem.what
    assert (problem.node, problem.port) == ("model", "model")


@pytest.mark.parametrize("space", [None, 3, {"nonsense": 1}, {"name": "one", "channels": 4, "factor": 0}])
def test_a_latent_space_that_is_none_is_said_at_the_node_that_loads_it(library: Path, space: object) -> None:
    file = library / "one" / "model.json"
    about = json.loads(file.read_text())
    about["autoencoder"]["space"] = space
    file.write_text(json.dumps(about))
    (problem,) = problems("loom.load.model", {"model": "one"}, width=64, height=64)
    assert "one" in problem.what
    assert (problem.node, problem.port) == ("model", "model")


@pytest.mark.parametrize("kind", ["loom.load.checkpoint", "loom.load.autoencoder", "loom.load.lora"])
def test_a_file_that_is_no_such_model_is_said_at_its_node(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "torn.safetensors"
    file.write_bytes(b"\xff" * 40)
    (problem,) = problems(kind, {"file": str(file)})
    assert (problem.node, problem.port) == ("model", "file")


def test_what_the_check_of_settings_says_is_not_said_again(library: Path) -> None:
    assert problems("loom.load.model", {"model": "absent"}, width="wide") == []
    assert problems("loom.load.checkpoint", {"file": "absent.safetensors"}) == []
