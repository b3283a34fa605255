"""What the headers of model files tell before a run: damaged files, and sizes that a model cannot make.

A run finds the same, but only after loading. Nothing here reads or allocates a weight.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

from core.checkpoints import model_folder, model_library
from core.checkpoints.loading import LoadOptions, fitted
from core.checkpoints.lora_file import open_lora
from core.checkpoints.weight_file import open_weights
from core.diffusion.latent_diffusion import Autoencoder, LatentSpace
from core.errors import InputError, LoomError
from core.graph.node_spec import NodeRegistry
from core.graph.plan import Plan, make_plan
from core.graph.sweep import swept_values
from core.graph.validation import Problem
from core.graph.workflow import Node, Workflow

Settings = Mapping[str, Any]


def model_problems(workflow: Workflow, registry: NodeRegistry) -> list[Problem]:
    """Return every problem of the models that a run would load, and of sizes that do not fit them, at their nodes."""
    plan = make_plan(workflow, registry)
    problems: list[Problem] = []
    spaces: dict[str, LatentSpace | None] = {}
    for id in plan.order:
        node = workflow.nodes[id]
        settings = _settings(node, registry)
        if node.type in _OPENERS:
            setting, check = _OPENERS[node.type]
            try:
                spaces[id] = check(settings)
            except LoomError as error:
                problems.append(_problem(error, id, setting))
            except (OSError, ValueError):  # no such file or choice: the check of settings has said so
                continue
        problems += _size_problems(id, settings, plan, registry, workflow, spaces)
    return problems


def _size_problems(
    id: str,
    settings: Settings,
    plan: Plan,
    registry: NodeRegistry,
    workflow: Workflow,
    spaces: Mapping[str, LatentSpace | None],
) -> Iterator[Problem]:
    """Check a node's width and height against the factor of the autoencoder that it is connected to."""
    spec = registry.get(workflow.nodes[id].type)
    if spec is None or not {"width", "height"} <= settings.keys():
        return
    sources = (plan.inputs[id].get(port.name) for port in spec.inputs if port.type is Autoencoder)
    space = next((found for source in sources if source and (found := spaces.get(source.node))), None)
    if space is None:
        return
    seen = set()
    for width, height in product(*(swept_values(settings[name]) or [settings[name]] for name in ("width", "height"))):
        try:
            space.size(int(str(width)), int(str(height)))
        except InputError as error:
            if error.what not in seen:
                seen.add(error.what)
                yield _problem(error, id, None)
        except ValueError:
            continue  # no number: the check of settings has said so


def _folder_space(settings: Settings) -> LatentSpace | None:
    folder = model_library.folders().get(str(settings.get("model")))
    if folder is None:
        return None
    for file in model_folder.files_of(folder):
        if file.suffix == ".safetensors":
            open_weights(file)
    return model_folder.latent_space(folder)


def _checkpoint_space(settings: Settings) -> LatentSpace | None:
    file = _file(settings)
    return None if file is None else fitted(file, LoadOptions())[0].autoencoder.space


def _opens(open_file: Callable[[Path], object]) -> Callable[[Settings], None]:
    def check(settings: Settings) -> None:
        file = _file(settings)
        if file is not None:
            open_file(file)

    return check


_OPENERS: dict[str, tuple[str, Callable[[Settings], LatentSpace | None]]] = {
    "loom.load.model": ("model", _folder_space),
    "loom.load.checkpoint": ("file", _checkpoint_space),
    "loom.load.autoencoder": ("file", _opens(open_weights)),
    "loom.load.lora": ("file", _opens(open_lora)),
}


def _file(settings: Settings) -> Path | None:
    """Return the file that a node reads; None where there is none, which the check of settings has said."""
    path = Path(str(settings.get("file") or ""))
    return path if path.is_file() else None


def _settings(node: Node, registry: NodeRegistry) -> dict[str, Any]:
    """Return a node's settings, with the defaults of those that it does not set."""
    spec = registry.get(node.type)
    defaults = {name: setting.default_json for name, setting in spec.settings.items()} if spec is not None else {}
    return {**defaults, **node.settings}


def _problem(error: LoomError, node: str, port: str | None) -> Problem:
    return Problem(error.what, error.why, error.fix, node, error.port or port)
