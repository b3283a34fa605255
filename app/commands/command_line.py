"""Choosing a command by its first word, and telling its failures: three parts on stderr, and an exit code.

Exit codes: 0 done; 1 the input is at fault; 2 the command line itself is at fault; 130 interrupted.
Commands are imported when they are called, so that the window does not wait for what only they need.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

from core.errors import Cancelled, InputError, LoomError
from core.nearest import nearest_name

Command = Callable[[list[str]], int]

COMMANDS = {
    "run": "run a workflow file and write its pictures",
    "validate": "name every problem of a workflow file at once",
    "nodes": "list every kind of node",
    "train": "train from a config file, or go on with a run folder",
    "steer": "pause, resume or stop a run, or have it sample or save",
    "export": "write a checkpoint of a run as a model",
    "evaluate": "measure a run or a model on data that it did not learn from",
    "models": "list the installed models, or what a model folder holds",
}
INTERRUPTED = 130


def main(arguments: list[str]) -> int:
    """Run one command, or open the window; return the exit code.

    Args:
        arguments: What stands behind the program's name: a command and its own arguments, or for the window
            nothing or the files that it should open.
    """
    if arguments[:1] in (["-h"], ["--help"]):
        print(usage())
        return 0
    if arguments[:1] and arguments[0].startswith("-"):
        print(usage(), file=sys.stderr)
        return 2
    if arguments[:1] and arguments[0] in COMMANDS:
        return guarded(load(f"app.commands.{arguments[0]}", "main"), arguments[1:])
    return guarded(open_window, arguments)


def open_window(arguments: list[str]) -> int:
    """Open the window, with the files that `arguments` name in a tab each; return the exit code.

    Raises:
        InputError: There is no screen, or what is named is neither a command nor a file.
    """
    for named in arguments:
        if not Path(named).exists():
            near = nearest_name(named, COMMANDS)
            raise InputError(
                f'"{named}" is neither a command nor a file.',
                why=f"The commands are: {', '.join(COMMANDS)}; anything else names a workflow file to open.",
                fix=f"Use {near}." if near else "Check the spelling, or run: python main.py --help",
            )
    if not has_screen(sys.platform, os.environ):
        raise InputError(
            "The window cannot open.",
            why="There is no screen: neither DISPLAY nor WAYLAND_DISPLAY is set.",
            fix="Start it on a desktop or over ssh -X, or run a workflow without a window: python main.py run FILE",
        )
    return load("app.application", "main")(arguments)


def has_screen(system: str, environment: Mapping[str, str]) -> bool:
    """Say whether Qt can open a window: Linux tells by its environment, other systems always have a screen."""
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return system != "linux" or any(environment.get(name) for name in names)


def usage() -> str:
    """Return the overview of all commands."""
    lines = ["usage: python main.py [FILE]...       open the window", ""]
    lines += [f"       python main.py {name:<10} {text}" for name, text in COMMANDS.items()]
    return "\n".join([*lines, "", "python main.py COMMAND --help tells the options of a command."])


def load(module: str, function: str) -> Command:
    """Import a command's module and return its function."""
    return cast(Command, getattr(importlib.import_module(module), function))


def guarded(command: Command, arguments: list[str]) -> int:
    """Call a command and turn people's mistakes into a message and an exit code."""
    try:
        code = command(arguments)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # Whoever read the output, such as `head`, has seen enough; nothing is left to flush at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except LoomError as error:
        print(in_three_parts(error), file=sys.stderr)
        return 1
    except (Cancelled, KeyboardInterrupt):
        print("Stopped.\nIt was interrupted.\nRun the same command to begin again.", file=sys.stderr)
        return INTERRUPTED


def in_three_parts(error: LoomError) -> str:
    """Return an error as a terminal shows it: where, then what happened, why, and what to do, a line each."""
    place = ".".join(part for part in (error.node, error.port) if part)
    return "\n".join([f"[{place}] {error.what}" if place else error.what, error.why, error.fix])
