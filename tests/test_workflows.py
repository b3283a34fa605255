"""Every workflow that the program ships: valid, and able to run where its model is installed."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from core.checkpoints import model_library
from core.graph import workflow_file
from core.graph.edits import SetSetting
from core.graph.execution import Executor
from core.graph.validation import validate
from core.graph.workflow import Workflow
from core.imaging.picture_workflow import read_workflow
from nodes import registry

FOLDER = Path(__file__).parents[1] / "resources" / "workflows"
FILES = sorted(FOLDER.rglob("*.json"))
REGISTRY = registry()
QUICK = {"loom.sample.scheduler": ("steps", 4)}


def opened(file: Path) -> Workflow:
    loaded = workflow_file.load(file)
    assert loaded.warnings == ()
    return loaded.workflow


def models_of(workflow: Workflow) -> set[str]:
    """The models that a workflow loads by name."""
    spec = REGISTRY.get("loom.load.model")
    assert spec is not None
    default = str(spec.settings["model"].default)
    loaders = [node for node in workflow.nodes.values() if node.type == spec.id]
    return {str(node.settings.get("model", default)) for node in loaders}


def test_there_are_workflows() -> None:
    assert FOLDER / "text_to_image.json" in FILES


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_shipped_workflow_knows_its_nodes_and_has_a_title(file: Path) -> None:
    workflow = opened(file)
    assert workflow.title
    assert [node.type for node in workflow.nodes.values() if REGISTRY.get(node.type) is None] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_shipped_workflow_is_valid(file: Path) -> None:
    workflow = opened(file)
    missing = models_of(workflow) - set(model_library.installed())
    problems = validate(workflow, REGISTRY)
    # Where a model is not installed, that alone may be said of the workflow.
    assert [problem for problem in problems if not (missing and problem.port == "model")] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_shipped_workflow_runs_and_its_pictures_carry_it(file: Path, tmp_path: Path) -> None:
    workflow = opened(file)
    if missing := models_of(workflow) - set(model_library.installed()):
        pytest.skip(f"not installed: {', '.join(sorted(missing))}")
    for node in list(workflow.nodes.values()):
        if node.type in QUICK:
            workflow.apply(SetSetting(node.id, *QUICK[node.type]))
    result = Executor(REGISTRY).run(workflow, output_folder=tmp_path)
    assert result.written
    for path in result.written:
        assert path.is_relative_to(tmp_path)
        with Image.open(path) as picture:
            assert len(picture.convert("RGB").getcolors(1 << 20) or ()) > 1
        text = read_workflow(path)
        assert workflow_file.dumps(workflow_file.loads(text).workflow) == workflow_file.dumps(workflow)


@pytest.mark.parametrize(
    ("node", "setting", "value", "told"),
    [
        ("prompt", "text", "fox " * 2500, "10,000 characters"),
        ("noise", "seed", -1, "-1"),
        ("sampler", "guidance", "much", "much"),
    ],
)
def test_what_no_one_can_mean_is_refused_on_its_node(node: str, setting: str, value: str | int, told: str) -> None:
    workflow = opened(FOLDER / "text_to_image.json")
    workflow.apply(SetSetting(node, setting, value))
    (problem,) = validate(workflow, REGISTRY)
    assert (problem.node, problem.port) == (node, setting)
    assert told in problem.what
    assert problem.why
    assert problem.fix
