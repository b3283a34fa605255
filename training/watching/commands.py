"""What a watcher may tell a run: commands in its control folder, more steps, and a process that works on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.errors import InputError
from training import toml_writer
from training.run_folder import write_atomically
from training.watching.run_state import LOG, RunState

COMMANDS = {
    "pause": "Wait after this step, and keep everything in memory",
    "pause_to_disk": "Save a checkpoint and end the process, which frees all its memory",
    "resume": "Go on after a pause in memory",
    "stop": "Save a checkpoint and end",
    "abort": "End at once, without saving",
    "sample": "Make sample grids now",
    "checkpoint": "Save a checkpoint now",
    "extend": "Train for more steps than were planned",
}
"""What a run obeys, and what people are told that it does."""
# DETACHED_PROCESS and CREATE_NEW_PROCESS_GROUP
_DETACHED_WINDOWS = 0x8 | 0x200
_MAIN = Path(__file__).resolve().parents[2] / "main.py"


def send(folder: Path, command: str, **more: Any) -> Path:
    """Put a command into the run's control folder; the process takes them in the order of their numbers."""
    assert command in COMMANDS
    control = folder / "control"
    control.mkdir(parents=True, exist_ok=True)
    # A number from the clock stays in order across watchers, also when the process takes files meanwhile.
    file = control / f"{time.time_ns():020d}.json"
    write_atomically(file, json.dumps({"command": command, **more}).encode())
    return file


def start(folder: Path, config: Path | None = None, overrides: Sequence[str] = ()) -> subprocess.Popen[bytes]:
    """Start a training process that outlives this one; it begins `config`, or resumes the run in `folder`.

    What it prints goes to the folder's train.log; launch.json says which process it is until its first status, and
    where in the log its lines begin.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob("control/*.json"):
        left.unlink(missing_ok=True)  # said to a process that is gone
    target = str(config.resolve() if config else folder.resolve())
    settings = [part for assignment in overrides for part in ("--set", assignment)]
    windows = sys.platform == "win32"
    with (folder / LOG).open("ab") as log:
        log_begins = log.seek(0, 2)
        process = subprocess.Popen(
            [sys.executable, str(_MAIN), "train", target, *settings],
            cwd=folder.resolve().parent.parent,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=not windows,
            creationflags=_DETACHED_WINDOWS if windows else 0,
        )
    launched = {"pid": process.pid, "time": time.time(), "log": log_begins}
    write_atomically(folder / "launch.json", json.dumps(launched).encode())
    return process


def extend(state: RunState, phase: str, steps: int) -> None:
    """Let a run go on to `steps` steps of `phase`: now where a process works on it, else when one is started next.

    Raises:
        InputError: The phase already has that many steps.
    """
    file = state.path / "config.toml"
    table = tomllib.loads(file.read_text("utf-8"))
    now = int(table.get(phase, {}).get("steps", 0))
    if steps <= now:
        raise InputError(
            f"The run {state.name} cannot go on to {steps} steps of {phase}.",
            why=f"It already has {now}.",
            fix=f"Give more than {now} steps.",
        )
    if state.alive:
        send(state.path, "extend", phase=phase, steps=steps)
        return
    table[phase]["steps"] = steps
    # Later phases were trained on what this one gave, so they are not done any more either.
    done = state.finished[: state.finished.index(phase)] if phase in state.finished else state.finished
    write_atomically(file, toml_writer.dumps(table).encode())
    write_atomically(state.path / "finished.json", json.dumps(done).encode())
    with (state.path / "events.jsonl").open("a", encoding="utf-8") as events:
        record = {"time": time.time(), "event": "extended", "phase": phase, "step": now, "to": steps}
        events.write(json.dumps(record) + "\n")
