"""What `run` and `validate` share: opening a workflow file and changing its settings from the command line."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from app.commands.command_line import in_three_parts
from core.errors import InputError
from core.graph.edits import SetSetting
from core.graph.node_spec import NodeRegistry, SettingSpec
from core.graph.validation import Problem, ignored_settings
from core.graph.workflow import Workflow
from core.graph.workflow_file import load, loads
from core.imaging.picture_workflow import is_picture, read_workflow
from core.nearest import nearest_name


def open_workflow(path: Path) -> Workflow:
    """Return the workflow of a file, or the one that a picture carries; what had to be worked around goes to stderr.

    Raises:
        InputError: The file is missing or damaged, or a picture without a workflow.
    """
    loaded = loads(read_workflow(path), source=str(path)) if is_picture(path) else load(path)
    for warning in loaded.warnings:
        print(f"Warning: {warning}", file=sys.stderr)
    return loaded.workflow


def apply_settings(workflow: Workflow, registry: NodeRegistry, assignments: Iterable[str]) -> None:
    """Set "node.setting=value" on a workflow, one after the other; settings that no node has go to stderr.

    Raises:
        InputError: Not of that form, no such node or setting, or a value that the setting does not take.
    """
    for assignment in assignments:
        node, setting, text = split_assignment(assignment)
        spec = find_setting(workflow, registry, node, setting)
        try:
            value = spec.from_text(text)
        except InputError as error:
            raise error.at(node=node, port=setting) from None
        workflow.apply(SetSetting(node, setting, value))
    for sentence in ignored_settings(workflow, registry):
        print(f"Warning: {sentence}", file=sys.stderr)


def split_assignment(assignment: str) -> tuple[str, str, str]:
    """Return node, setting and value of "node.setting=value"; ids may hold dots, and values anything.

    Raises:
        InputError: There is no equals sign, or no dot before it.
    """
    place, equals, value = assignment.partition("=")
    node, dot, setting = place.rpartition(".")
    if not (equals and dot and node and setting):
        raise InputError(
            f'"--set {assignment}" cannot be read.',
            why="A setting is named by its node's id, a dot and its own name, then an equals sign and the value.",
            fix='Write it as in: --set "prompt.text=a red apple".',
        )
    return node, setting, value


def find_setting(workflow: Workflow, registry: NodeRegistry, node: str, setting: str) -> SettingSpec:
    """Return the declaration of a node's setting.

    Raises:
        InputError: The workflow has no such node, its kind is not known here, or it has no such setting.
    """
    if node not in workflow.nodes:
        raise InputError(
            f'The workflow has no node "{node}".',
            why=f"Its nodes are: {', '.join(workflow.nodes) or 'none'}.",
            fix=nearest(node, workflow.nodes) or "Name one of those.",
        )
    kind = workflow.nodes[node].type
    spec = registry.get(kind)
    if spec is None:
        raise InputError(
            f'The settings of node "{node}" are not known.',
            why=f'No installed package has its kind, "{kind}".',
            fix="Leave this setting out, or install the package that brings the kind.",
            node=node,
        )
    if setting not in spec.settings:
        raise InputError(
            f'Node "{node}" has no setting "{setting}".',
            why=f"The settings of {spec.title} are: {', '.join(spec.settings) or 'none'}.",
            fix=nearest(setting, spec.settings) or "Name one of those.",
            node=node,
        )
    return spec.settings[setting]


def print_problems(problems: Iterable[Problem]) -> None:
    """Tell every problem on stderr, three parts each, with an empty line between them."""
    print("\n\n".join(in_three_parts(problem.to_error()) for problem in problems), file=sys.stderr)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the sentence that names the nearest known name; empty when none is near."""
    near = nearest_name(name, known)
    return f'Use "{near}", the nearest one.' if near else ""
