"""Every shipped workflow, run in full with seeds that nobody picked, as a contact sheet.

    LOOM_SHEETS=output/contact_sheets python -m benchmarks contact_sheets

A workflow runs once for each of the seeds 0 to N - 1: that of its noise, and that of the scene which it begins with,
unless something is painted on this one. What it writes is laid out in the order of the seeds. Settings from the
environment: LOOM_SHEETS_N seeds (32 unless told), LOOM_SHEETS the folder for the sheets (output/contact_sheets unless
told), LOOM_WORKFLOWS a folder of workflows in place of the shipped ones.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image as Pillow

from benchmarks.figures import Figures, figure
from core.checkpoints import model_library
from core.graph import workflow_file
from core.graph.edits import SetSetting
from core.graph.execution import Executor
from core.graph.node_spec import NodeRegistry
from core.graph.validation import validate
from core.graph.workflow import Workflow
from nodes import registry as node_registry
from training.phase import tile

ROOT = Path(__file__).parents[1]
SHIPPED = ROOT / "resources" / "workflows"
LOADER, SCENE, PAINTERS = "loom.load.model", "loom.image.scene", ("loom.mask.paint", "loom.map.paint")
SEEDED = ("loom.latent.noise", "loom.encode.image")
COLUMNS = 8

Pictures = Sequence[Path]
Run = Callable[[Workflow], tuple[Pictures, float]]
"""Runs a workflow, and returns what it wrote and the seconds that it took."""


def measure() -> Figures:
    """Run every workflow, write the sheets, and return the seconds that a run of each takes."""
    torch.set_num_threads(1)
    count, folder = int(os.environ.get("LOOM_SHEETS_N", "32")), Path(os.environ.get("LOOM_WORKFLOWS") or SHIPPED)
    sheets = Path(os.environ.get("LOOM_SHEETS") or ROOT / "output" / "contact_sheets")
    registry = node_registry()
    figures: Figures = {}
    for file in sorted(folder.rglob("*.json")):
        workflow = workflow_file.load(file).workflow
        if missing := models_of(workflow, registry) - set(model_library.installed()):
            print(f"{file.stem} is left out: {', '.join(sorted(missing))} is not installed.")
            continue
        with tempfile.TemporaryDirectory(prefix="loom-sheets-") as place:
            run = runner(registry, Path(place))
            figures |= sheet_of(workflow, count, run, sheets / f"{file.stem}.png", file.stem)
    return figures


def models_of(workflow: Workflow, registry: NodeRegistry) -> set[str]:
    """Return the names of the models that a workflow loads."""
    spec = registry.get(LOADER)
    assert spec is not None, "the node that loads models is there"
    loaders = (node for node in workflow.nodes.values() if node.type == LOADER)
    return {str(node.settings.get("model", spec.settings["model"].default)) for node in loaders}


def runner(registry: NodeRegistry, output: Path) -> Run:
    """Return what runs workflows; models stay loaded from one run to the next."""
    executor = Executor(registry)

    def run(workflow: Workflow) -> tuple[Pictures, float]:
        if problems := validate(workflow, registry):
            raise RuntimeError(f"{workflow.title}: {problems[0].what}")
        result = executor.run(workflow, output_folder=output)
        return result.written, result.seconds

    return run


def sheet_of(workflow: Workflow, count: int, run: Run, path: Path, name: str) -> Figures:
    """Write a sheet of runs with the seeds 0 to count - 1; return the seconds of a run after the first."""
    pictures, seconds = [], []
    for seed in range(count):
        for node in seeded(workflow):
            workflow.apply(SetSetting(node, "seed", seed))
        written, took = run(workflow)
        pictures.append([opened(file) for file in written])
        seconds.append(took)
    each = len(pictures[0])
    flat = np.stack([picture for row in pictures for picture in row])
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(tile(flat, COLUMNS * each)).save(path)
    print(f"{path}: {count} seeds, {each} pictures each.")
    return {
        f"{name}/seconds": figure(statistics.median(seconds[1:] or seconds), "s", None, len(seconds[1:] or seconds))
    }


def seeded(workflow: Workflow) -> Iterator[str]:
    """Yield the nodes whose seeds a sheet counts up: of noise, and of scenes on which nothing is painted."""
    painted = any(node.type in PAINTERS for node in workflow.nodes.values())
    for id, node in workflow.nodes.items():
        if node.type in SEEDED or (node.type == SCENE and not painted):
            yield id


def opened(file: Path) -> np.ndarray:
    """Read a picture, uint8 [h, w, 3]."""
    with Pillow.open(file) as picture:
        return np.asarray(picture.convert("RGB"))
