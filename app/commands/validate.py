"""`python main.py validate FILE [--json]`: every problem of a workflow at once; exit code 1 if there is any."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path

from app.commands.workflow_input import apply_settings, open_workflow, print_problems
from core.graph.node_spec import NodeRegistry
from core.graph.validation import validate
from core.graph.workflow import Workflow


def main(arguments: list[str]) -> int:
    """Check a workflow file without running it; return the exit code."""
    parser = argparse.ArgumentParser(prog="main.py validate", description="Name every problem of a workflow file.")
    parser.add_argument("file", type=Path, help="workflow file (.json)")
    parser.add_argument("--set", action="append", default=[], metavar="NODE.SETTING=VALUE", help="change a setting")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    workflow = open_workflow(options.file)

    from nodes import registry as node_registry

    return check(workflow, node_registry(), options)


def check(workflow: Workflow, registry: NodeRegistry, options: argparse.Namespace) -> int:
    """Check a workflow that is open, with the nodes of `registry`, and its models' headers; return the exit code."""
    apply_settings(workflow, registry, options.set)
    from nodes.preflight import model_problems  # torch is slow to import

    problems = [*validate(workflow, registry), *model_problems(workflow, registry)]
    if options.json:
        print(json.dumps({"problems": [dataclasses.asdict(problem) for problem in problems]}))
    elif problems:
        print_problems(problems)
    else:
        print(f"{options.file} can run: {len(workflow.nodes)} nodes, no problems.")
    return 1 if problems else 0
