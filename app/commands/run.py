"""`python main.py run FILE [--set node.setting=value]... [--out DIR] [--device cpu|cuda] [--json]`."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.commands.progress import Progress
from app.commands.workflow_input import apply_settings, open_workflow, print_problems
from core.cancellation import CancelToken
from core.graph.edits import SetSetting
from core.graph.execution import Executor, RunResult
from core.graph.node_spec import NodeRegistry
from core.graph.validation import InvalidWorkflowError, name_of
from core.graph.workflow import Workflow

DEFAULT_OUTPUT = Path("output")


def main(arguments: list[str]) -> int:
    """Run a workflow file and name the files that it wrote; return the exit code."""
    options = parse(arguments)
    workflow = open_workflow(options.file)

    if options.device == "cpu":
        # Hidden before torch looks for it, no node can choose the GPU.
        os.environ["CUDA_VISIBLE_DEVICES"] = ""

    from core.device import leave_a_core, select
    from nodes import registry as node_registry

    select(options.device)
    leave_a_core()
    return run(workflow, node_registry(), options)


def run(workflow: Workflow, registry: NodeRegistry, options: argparse.Namespace) -> int:
    """Run a workflow that is open, with the nodes of `registry`; return the exit code."""
    apply_settings(workflow, registry, options.set)
    if options.out is not None:
        write_into_output_folder(workflow, registry)
    progress = Progress(sys.stderr, {id: name_of(workflow, registry, id) for id in workflow.nodes})
    with cancelled_by_interrupt() as cancel:
        try:
            result = Executor(registry).run(
                workflow, cancel=cancel, emit=progress, output_folder=options.out or DEFAULT_OUTPUT
            )
        except InvalidWorkflowError as error:
            print_problems(error.problems)
            return 1
        finally:
            progress.close()
    report(result, progress.seconds, as_json=options.json)
    return 0


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="main.py run", description="Run a workflow file and write its pictures.")
    parser.add_argument("file", type=Path, help="workflow file (.json)")
    parser.add_argument("--set", action="append", default=[], metavar="NODE.SETTING=VALUE", help="change a setting")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for what is written (default: output)")
    parser.add_argument("--device", choices=("cpu", "cuda"), help="where to compute (default: the fastest there is)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the list of files")
    return parser.parse_args(arguments)


def write_into_output_folder(workflow: Workflow, registry: NodeRegistry) -> None:
    """Make every node that writes files use the run's output folder itself, wherever its own setting points."""
    for node in list(workflow.nodes.values()):
        spec = registry.get(node.type)
        if spec is not None and spec.writes_files and "folder" in spec.settings:
            workflow.apply(SetSetting(node.id, "folder", ""))


@contextmanager
def cancelled_by_interrupt() -> Iterator[CancelToken]:
    """Give a token that the first Ctrl+C cancels, so that finished files stay whole; a second one stops at once."""
    cancel = CancelToken()
    earlier = signal.getsignal(signal.SIGINT)

    def interrupt(number: int, frame: object) -> None:
        cancel.cancel()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield cancel
    finally:
        signal.signal(signal.SIGINT, earlier)


def report(result: RunResult, seconds: dict[str, float], *, as_json: bool) -> None:
    """Print the written files, one a line, or everything as one JSON object."""
    if as_json:
        files = [str(path) for path in result.written]
        print(json.dumps({"files": files, "seconds": result.seconds, "ran": result.ran, "nodes": seconds}))
        return
    for path in result.written:
        print(path)
