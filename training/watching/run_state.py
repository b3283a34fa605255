"""What a run folder says of its run, checked against the processes that really run."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from training.watching.processes import is_running

LOG = "train.log"
ENDED = ("finished", "stopped", "failed")
_LOG_END = 4096  # bytes
_ERROR_WITHIN = 30  # lines from the log's end; some errors go on below the line that names them
# The last line of a Python traceback, or what an interpreter or a library says as it goes down.
_ERROR = re.compile(
    r"[\w.]*(Error|Exception|Interrupt|Exit)\b|Killed|Segmentation fault|Aborted|Bus error|Fatal|terminate called"
)
_STARTING_S = 90.0  # a process imports torch before it writes its first status


@dataclass(frozen=True)
class Trouble:
    """Why a run is not going on: what happened, why, and the way out."""

    what: str
    why: str
    fix: str


@dataclass(frozen=True)
class RunState:
    """A run as it is now.

    Attributes:
        path: The run folder.
        state: starting, preparing, training, paused, stopped, finished, failed, died, or idle (never begun).
        phase, step, steps: How far the phase is; steps = 0 where that is not known.
        doing: What is being prepared, or "".
        heartbeat: When the process last wrote its status, Unix time; 0 = never.
        pid: The process, 0 = none.
        trouble: Why it failed or died.
        waiting: Commands that the process has not taken yet, oldest first.
        finished: Phases that are done.
        asked: The command by which it was ended, or "".
    """

    path: Path
    state: str
    phase: str = ""
    step: int = 0
    steps: int = 0
    doing: str = ""
    heartbeat: float = 0.0
    pid: int = 0
    trouble: Trouble | None = None
    waiting: tuple[str, ...] = ()
    finished: tuple[str, ...] = field(default=())
    asked: str = ""

    @property
    def name(self) -> str:
        """The run's name."""
        return self.path.name

    @property
    def alive(self) -> bool:
        """Whether a process works on it."""
        return self.state not in (*ENDED, "died", "idle")


def is_run(folder: Path) -> bool:
    """Whether `folder` is a run, or is about to become one."""
    return (folder / "config.toml").exists() or (folder / LOG).exists()


def read_state(folder: Path) -> RunState:
    """Read the state of a run; a status whose process is gone counts as died."""
    status, finished = _json(folder / "status.json"), _json(folder / "finished.json")
    done = tuple(map(str, finished)) if isinstance(finished, list) else ()
    if not isinstance(status, dict):
        return _without_status(folder, done)
    state, pid, heartbeat = str(status.get("state", "")), int(_number(status, "pid")), _number(status, "heartbeat")
    runs = state not in ENDED and is_running(pid, _number(status, "started"))
    if not runs and _launched_since(folder, heartbeat):
        state = "starting"
    elif not runs and state not in ENDED:
        state = "died"
    trouble = _told(status.get("error")) if state == "failed" else _death(folder, pid) if state == "died" else None
    return RunState(
        folder, state, str(status.get("phase", "")), int(_number(status, "step")), int(_number(status, "steps")),
        str(status.get("doing", "")), heartbeat, pid, trouble, _waiting(folder), done, str(status.get("asked", "")),
    )  # fmt: skip


def log_end(folder: Path, since: int = 0) -> str:
    """The last lines of the log, those from byte `since` on, or ""."""
    try:
        with (folder / LOG).open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(since, size - _LOG_END))
            return file.read().decode("utf-8", "replace").strip()
    except OSError:
        return ""


def last_checkpoint(folder: Path) -> tuple[str, int] | None:
    """Phase and step of the newest whole checkpoint, if there is one."""
    found = [(path.stat().st_mtime, path) for path in folder.glob("checkpoints/*/step_*") if path.is_dir()]
    if not found:
        return None
    newest = max(found)[1]
    return newest.parent.name, int(newest.name.removeprefix("step_"))


def _without_status(folder: Path, done: tuple[str, ...]) -> RunState:
    if _launched_since(folder, 0.0):
        return RunState(folder, "starting", finished=done)
    if (folder / LOG).exists():
        return RunState(folder, "died", trouble=_death(folder, 0), finished=done)
    return RunState(folder, "idle", finished=done)


def _launched_since(folder: Path, heartbeat: float) -> bool:
    """Whether a process was launched after `heartbeat` and still runs; launch.json says which."""
    launch = _json(folder / "launch.json")
    if not isinstance(launch, dict) or float(launch.get("time", 0.0)) <= heartbeat:
        return False
    began = float(launch["time"])
    return time.time() - began < _STARTING_S and is_running(int(launch.get("pid", 0)), began)


def _told(error: Any) -> Trouble:
    table = error if isinstance(error, dict) else {}
    return Trouble(*(str(table.get(part, "")) for part in ("what", "why", "fix")))


def _death(folder: Path, pid: int) -> Trouble:
    """Say what can be known of a process that is gone."""
    launch = _json(folder / "launch.json")
    since = int(_number(launch, "log")) if isinstance(launch, dict) else 0  # before it, other processes wrote
    lines = [line.strip() for line in log_end(folder, since).splitlines() if line.strip()]
    saved = last_checkpoint(folder)
    errors = [line for line in lines[-_ERROR_WITHIN:] if _ERROR.match(line)]
    killed = "it was killed, the machine went down, or memory ran out"
    if errors:
        why = f"The log ends with: {errors[-1]}"
    elif lines:
        why = f"It left no message: {killed}. The log's last line is: {lines[-1]}"
    else:
        why = f"It left no message: {killed}."
    fix = "There is no checkpoint yet; Resume begins again."
    if saved:
        fix = f"Resume goes on from the checkpoint at step {saved[1]:,} of the {saved[0].replace('_', ' ')}."
    which = f"The training process {pid} is gone" if pid else "The training process is gone"
    return Trouble(f"{which}, and did not say that it ended.", why, fix)


def _waiting(folder: Path) -> tuple[str, ...]:
    found = [_json(file) for file in sorted(folder.glob("control/*.json"))]
    return tuple(str(item["command"]) for item in found if isinstance(item, dict) and "command" in item)


def _number(table: Mapping[str, Any], name: str) -> float:
    value = table.get(name)
    return value if isinstance(value, int | float) else 0


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
