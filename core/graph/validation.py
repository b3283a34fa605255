"""Finding everything that keeps a workflow from running, all at once, before anything runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import InputError
from core.graph.json_types import Json
from core.graph.node_spec import NodeRegistry, NodeSpec
from core.graph.plan import Plan, Source, make_plan
from core.graph.ports import compatible
from core.graph.settings import SettingSpec
from core.graph.sweep import swept_values
from core.graph.workflow import Node, Workflow
from core.nearest import ALIKE, nearest_name


@dataclass(frozen=True)
class Problem:
    """One reason why a workflow cannot run, with the way out; `node` and `port` say where it is."""

    what: str
    why: str
    fix: str
    node: str | None = None
    port: str | None = None

    def to_error(self) -> InputError:
        """Return this problem as an error to raise or report."""
        return InputError(self.what, why=self.why, fix=self.fix, node=self.node, port=self.port)


class InvalidWorkflowError(InputError):
    """A workflow cannot run; `problems` has every reason, and the message is the first one's."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        first = problems[0]
        others = len(problems) - 1
        more = f" ({others} more problem{'s were' if others > 1 else ' was'} found.)" if others else ""
        super().__init__(first.what, why=first.why, fix=first.fix + more, node=first.node, port=first.port)
        self.problems = problems


def validate(workflow: Workflow, registry: NodeRegistry, targets: Iterable[str] | None = None) -> list[Problem]:
    """Return every problem of what `targets` (None: all sinks) need; an empty list means that it can run."""
    targets = None if targets is None else tuple(targets)
    return problems_of(workflow, registry, make_plan(workflow, registry, _present(workflow, targets)), targets)


def problems_of(
    workflow: Workflow, registry: NodeRegistry, plan: Plan, targets: tuple[str, ...] | None = None
) -> list[Problem]:
    """Return every problem of a plan that is there already."""
    problems = [_no_target(id) for id in targets or () if id not in workflow.nodes]
    for ring in plan.cycles:
        problems.append(_cycle(workflow, registry, ring))
    for id in plan.order:
        node = workflow.nodes[id]
        spec = registry.get(node.type)
        if spec is None:
            problems.append(_unknown(node, registry))
            continue
        problems += _setting_problems(node, spec)
        problems += _input_problems(workflow, registry, node, spec, plan)
    if not plan.order and not problems:
        problems.append(_nothing_to_run(workflow))
    return problems


def checked(registry: NodeRegistry, node: Node, name: str, value: Json) -> Json:
    """Return a setting's value as the workflow should hold it; unknown nodes and settings take anything.

    Raises:
        InputError: The value has the wrong type, is out of range, too long, or none of the choices.
    """
    spec = registry.get(node.type)
    setting = spec.settings.get(name) if spec else None
    if setting is None:
        return value
    try:
        swept = swept_values(value)
        if swept is None:
            return setting.to_json(setting.parse(value))
        return {"sweep": [setting.to_json(setting.parse(item)) for item in swept]}
    except InputError as error:
        error.at(node=node.id, port=name)
        raise


def ignored_settings(workflow: Workflow, registry: NodeRegistry) -> list[str]:
    """Return a sentence for each setting that its node does not have; it is kept in the file and has no effect."""
    return [
        f'"{node.title or spec.title}" has no setting "{name}", so it is ignored.'
        for node in workflow.nodes.values()
        if (spec := registry.get(node.type)) is not None
        for name in node.settings
        if name not in spec.settings
    ]


def nearest_kind(kind: str, known: Iterable[str]) -> str | None:
    """Return what an unknown kind most likely means, or None where none is near.

    Within a family ("loom.decode.") only the last word counts: what all have in common makes none of them likelier.
    """
    ids = list(known)
    family, _, word = kind.rpartition(".")
    words = {id.rpartition(".")[2]: id for id in ids if id.rpartition(".")[0] == family}
    near = nearest_name(word, words)
    return words[near] if near else nearest_name(kind, ids, likeness=ALIKE)


def name_of(workflow: Workflow, registry: NodeRegistry, id: str) -> str:
    """Return what people call a node: its own title, its kind's, or its type."""
    node = workflow.nodes[id]
    spec = registry.get(node.type)
    return node.title or (spec.title if spec else node.type)


def _present(workflow: Workflow, targets: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Return the targets that the workflow has."""
    return None if targets is None else tuple(id for id in targets if id in workflow.nodes)


def _setting_problems(node: Node, spec: NodeSpec) -> Iterator[Problem]:
    """Check each setting of a node, defaults included (a default file may be missing too)."""
    for name, setting in spec.settings.items():
        value = node.settings.get(name, setting.default_json)
        if value is None:
            yield Problem(
                f"{setting.label} is not set.",
                f'"{node.title or spec.title}" cannot run without it, and it has no default.',
                f"Give {setting.label} a value.",
                node.id,
                name,
            )
            continue
        for item in swept_values(value) or [value]:
            yield from _value_problems(node, setting, item)


def _value_problems(node: Node, setting: SettingSpec, value: Json) -> Iterator[Problem]:
    """Check one value of one setting."""
    if setting.is_file and value == "":
        yield Problem(
            f"{setting.label} is empty.",
            "No file was chosen.",
            "Choose a file.",
            node.id,
            setting.name,
        )
        return
    try:
        files = setting.files(setting.parse(value))
    except InputError as error:
        yield Problem(error.what, error.why, error.fix, node.id, setting.name)
        return
    for path in files:
        if not path.is_file():
            yield Problem(
                f'The file "{path}" cannot be read.',
                "It is a folder." if path.is_dir() else "There is no such file; it may have been moved or renamed.",
                _file_in(path, setting) or "Choose a file that is there.",
                node.id,
                setting.name,
            )


def _file_in(folder: Path, setting: SettingSpec) -> str:
    """Return the sentence that names a fitting file in a folder that was given in its place; empty if there is none."""
    # A whole name in the filter says more than a suffix.
    patterns = sorted(re.findall(r"[\w*]+\.\w+", setting.setting.file_filter), key=lambda pattern: "*" in pattern)
    inside = next((file for pattern in patterns for file in sorted(folder.glob(pattern))), None)
    return f'Choose a file in it, such as "{inside}".' if inside else ""


def _input_problems(
    workflow: Workflow, registry: NodeRegistry, node: Node, spec: NodeSpec, plan: Plan
) -> Iterator[Problem]:
    """Check each input of a node: connected where it must be, to something that fits."""
    sources = plan.inputs[node.id]
    for port in spec.inputs:
        source = sources.get(port.name)
        if source is not None:
            yield from _link_problems(workflow, registry, node.id, port.name, port.type, source)
        elif not port.optional:
            yield Problem(
                f'Input "{port.name}" of "{node.title or spec.title}" is not connected.',
                "It cannot run without it.",
                f"Connect an output of type {port.type.__name__} to it, or mute the node.",
                node.id,
                port.name,
            )
    for name in sources.keys() - {port.name for port in spec.inputs}:
        yield Problem(
            f'"{node.title or spec.title}" has no input "{name}".',
            "The workflow connects it, but this version of the node does not have it.",
            "Remove the link.",
            node.id,
            name,
        )


def _link_problems(
    workflow: Workflow, registry: NodeRegistry, node: str, port: str, wanted: type, source: Source
) -> Iterator[Problem]:
    """Check that a source's output is there and of a fitting type."""
    spec = registry.get(workflow.nodes[source.node].type)
    if spec is None:
        return  # the unknown node is a problem of its own
    title = name_of(workflow, registry, source.node)
    output = spec.output(source.output)
    if output is None:
        names = ", ".join(candidate.name for candidate in spec.outputs) or "none"
        yield Problem(
            f'"{title}" has no output "{source.output}".',
            f"Its outputs are: {names}.",
            "Connect another output to this input.",
            node,
            port,
        )
    elif not compatible(output.type, wanted):
        yield Problem(
            f'Output "{output.name}" of "{title}" does not fit input "{port}".',
            f"The input takes {wanted.__name__}, the output gives {output.type.__name__}.",
            f"Connect an output of type {wanted.__name__}.",
            node,
            port,
        )


def _cycle(workflow: Workflow, registry: NodeRegistry, ring: tuple[str, ...]) -> Problem:
    """Describe a closed path."""
    names = [name_of(workflow, registry, id) for id in (*ring[:5], ring[0])]
    if len(ring) > 5:
        names[5:5] = ["..."]
    return Problem(
        f"The links make a circle: {' > '.join(names)}.",
        "Each of these nodes would have to wait for itself.",
        "Remove one of the links between them.",
        ring[0],
    )


def _unknown(node: Node, registry: NodeRegistry) -> Problem:
    """Describe a node of an unknown kind."""
    nearest = nearest_kind(node.type, [spec.id for spec in registry.all()])
    hint = f' The nearest known one is "{nearest}".' if nearest else ""
    return Problem(
        f'The node "{node.title or node.type}" is of an unknown kind.',
        f'No kind of node "{node.type}" is installed; it may come from a newer version or from an extension.{hint}',
        "Install what provides it, or remove or mute the node; its settings are kept when you save.",
        node.id,
    )


def _no_target(id: str) -> Problem:
    """Describe a target that is not there."""
    return Problem(f'There is no node "{id}" to run.', "The workflow has no such id.", "Choose one of its nodes.")


def _nothing_to_run(workflow: Workflow) -> Problem:
    """Describe a workflow without work."""
    why = "Every node is muted, bypassed, or depends on a muted one."
    if not workflow.nodes:
        why = "The workflow has no nodes."
    return Problem("There is nothing to run.", why, "Add a node, or switch one on.")
