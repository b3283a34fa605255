"""`python main.py steer RUN_FOLDER COMMAND`: what the training page's buttons say to a run, from a terminal."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.errors import InputError
from training.watching import commands
from training.watching.run_state import RunState, is_run, read_state

COMMANDS = {
    name.replace("_", "-"): words[0].lower() + words[1:]
    for name, words in commands.COMMANDS.items()
    if name != "extend"  # which says how many steps, too
}


def main(arguments: list[str]) -> int:
    """Tell a run that is being trained what to do; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="main.py steer",
        description="Tell a run that another process trains what to do. It obeys within a step.",
        epilog="\n".join(f"{name:<14} {words}" for name, words in COMMANDS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", type=Path, help="the run's folder")
    parser.add_argument("command", choices=COMMANDS, help="what it shall do")
    options = parser.parse_args(arguments)
    state = _going(options.run)
    commands.send(state.path, options.command.replace("-", "_"))
    print(f"told {state.name} to {options.command.replace('-', ' ')}")
    return 0


def _going(run: Path) -> RunState:
    """Read the state of a run that a process works on.

    Raises:
        InputError: It is no run, or nothing works on it.
    """
    if not is_run(run):
        raise InputError(
            f"{run} is no run folder.",
            why="A run's folder holds its config.toml.",
            fix="Name one, such as runs/NAME; python main.py train CONFIG.toml makes it.",
        )
    state = read_state(run.resolve())
    if not state.alive:
        raise InputError(
            f"The run {state.name} cannot be told anything.",
            why=f"No process works on it: it is {state.state}.",
            fix=f"Let it go on with: python main.py train {run}",
        )
    return state
