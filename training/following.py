"""A run begun from elsewhere in the program, and followed to its end: reused, attached to, resumed, or started.

It is a process of its own, as when it is started by hand: it outlives whoever follows it.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.cancellation import CancelToken
from core.errors import Cancelled, InputError, LoomError
from training.config import RunConfig
from training.opening_run import FROZEN, frozen_text
from training.watching.commands import send, start
from training.watching.run_state import RunState, read_state

POLL_S = 0.2
LAST_STEP_S = 60.0  # how long the end of the last step is waited for after a stop
EXIT_S = 10.0  # how long a process that wrote that it ended is waited for
_outliving: list[subprocess.Popen[bytes]] = []
Step = Callable[[int, int, npt.NDArray[np.uint8] | None], None]
"""Told how many steps of how many are done in all phases, and the newest sample grid where there is a new one."""


@dataclass(frozen=True)
class Finished:
    """A run that is done.

    Attributes:
        folder: The run folder; its models are in models/.
        reused: Whether it was done already.
    """

    folder: Path
    reused: bool


def trained(
    config: RunConfig, config_file: Path, overrides: dict[str, str], runs: Path, cancel: CancelToken, step: Step
) -> Finished:
    """Return the run of a configuration, when it is finished.

    Args:
        config: The configuration: that of `config_file` with `overrides`.
        config_file: As the process is given it.
        overrides: Values of the configuration by dotted name.
        runs: Folder of the runs, called "runs".
        cancel: Stops the run; it can be resumed.
        step: Is told how far it is.

    Raises:
        Cancelled: It was cancelled; the run is stopped.
        LoomError: The run failed, died, or was stopped by somebody else.
    """
    folder = find_run(runs, config)
    if folder is not None and read_state(folder).state == "finished":
        return Finished(folder, reused=True)
    process: subprocess.Popen[bytes] | None = None
    if folder is None:
        folder = runs / free_name(runs, config.name)
        settings = [f"{key}={value}" for key, value in {**overrides, "name": folder.name}.items()]
        process = start(folder, config_file, settings)
    elif not read_state(folder).alive:
        process = start(folder)
    try:
        _follow(folder, config, cancel, step)
    finally:
        if process is not None:
            _reap(process)
    return Finished(folder, reused=False)


def find_run(runs: Path, config: RunConfig) -> Path | None:
    """Return the run of this configuration under any name, if there is one: a finished one, else a living one."""
    found = [
        file.parent
        for file in sorted(runs.glob(f"*/{FROZEN}"))
        if file.read_bytes() == frozen_text(replace(config, name=file.parent.name))
    ]
    states = {folder: read_state(folder) for folder in found}
    return max(found, key=lambda folder: (states[folder].state == "finished", states[folder].alive), default=None)


def free_name(runs: Path, name: str) -> str:
    """Return `name`, with a number behind it if another run is called so."""
    number = 1
    while (runs / (tried := name if number == 1 else f"{name}-{number}")).exists():
        number += 1
    return tried


def _follow(folder: Path, config: RunConfig, cancel: CancelToken, step: Step) -> None:
    """Wait until a run is finished; a run that is paused is waited for too."""
    grids = _new_grids(folder)
    try:
        while (state := read_state(folder)).alive:
            cancel.check()
            done, total = progress(state, config)
            if done:
                step(done, total, next(grids))
            time.sleep(POLL_S)
    except Cancelled:
        _stop(folder)
        raise
    if state.state != "finished":
        raise ended_early(state)


def progress(state: RunState, config: RunConfig) -> tuple[int, int]:
    """Return how many steps are done, and of how many, over all phases of the run."""
    steps = {name: int(getattr(config, name).steps) for name in config.phases}
    before = sum(count for name, count in steps.items() if name in state.finished)
    here = state.step if state.phase in steps and state.phase not in state.finished else 0
    return before + here, sum(steps.values())


def ended_early(state: RunState) -> LoomError:
    """Return the error for a run that ended before it was finished."""
    if state.trouble is not None:
        return LoomError(state.trouble.what, why=state.trouble.why, fix=state.trouble.fix)
    return InputError(
        f"The run {state.name} was stopped before it was finished.",
        why=f"It is at step {state.step:,} of {state.steps:,} of {state.phase or 'its preparation'}.",
        fix="Run this node again to resume it.",
    )


def _reap(process: subprocess.Popen[bytes]) -> None:
    """Take note of a process's end; one that takes long to end may do so by itself."""
    try:
        process.wait(timeout=EXIT_S)
    except subprocess.TimeoutExpired:
        _outliving.append(process)


def _stop(folder: Path) -> None:
    """Ask a run to save and end, and wait for the end of its step."""
    send(folder, "stop")
    deadline = time.monotonic() + LAST_STEP_S
    while read_state(folder).alive and time.monotonic() < deadline:
        time.sleep(POLL_S / 2)


def _new_grids(folder: Path) -> Iterator[npt.NDArray[np.uint8] | None]:
    """Give the newest sample grid each time there is a new one, and None otherwise."""
    shown: Path | None = None
    while True:
        newest = max(folder.glob("samples/*/*/ema.png"), key=lambda file: file.stat().st_mtime, default=None)
        grid = None
        if newest != shown and newest is not None:
            with suppress(OSError), Image.open(newest) as picture:
                grid, shown = np.asarray(picture.convert("RGB")), newest
        yield grid
