"""Making the run folder of a configuration, or opening one that is there; one process works on a run at a time."""

from __future__ import annotations

import contextlib
import json
import platform
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch

from core.errors import InputError
from training import toml_writer
from training.config import RunConfig, load_config, to_dict
from training.data.lock import try_hold
from training.run_folder import RunFolder, write_atomically

RUNS = Path("runs")
FROZEN = "config.toml"
FINISHED = "finished.json"
_LOCK = ".lock"


def resuming(run: Path) -> str:
    """The command that resumes a run, as a shell takes it."""
    return f"python main.py train {shlex.quote(str(run))}"


def open_run(target: Path, overrides: Mapping[str, str]) -> tuple[RunConfig, RunFolder]:
    """Make the run folder of a configuration, or open a run folder that is there.

    Raises:
        InputError: The configuration cannot be used, or is not the one that the run began with.
    """
    if target.is_dir():
        if not (target / FROZEN).exists():
            raise InputError(
                f"{target} is no run folder.",
                why=f"There is no {FROZEN} in it, which every run folder holds.",
                fix=f"{_known_runs(target)}, or begin a run from a config file: python main.py train CONFIG.toml",
            )
        if overrides:
            raise InputError(
                f"{', '.join(overrides)} cannot be changed in {target}.",
                why="A run's configuration is frozen when it starts.",
                fix="Leave the overrides out to resume it, or begin a run of another name from a configuration file.",
            )
        return load_config(target / FROZEN), RunFolder(target)
    config = load_config(target, overrides)
    path, text = RUNS / config.name, frozen_text(config)
    if not (path / FROZEN).exists():
        folder = RunFolder(path)
        write_atomically(path / "environment.json", json.dumps(environment(), indent=1).encode())
        # Last, as this file says that the folder is a run.
        write_atomically(path / FROZEN, text)
        return config, folder
    if (path / FROZEN).read_bytes() != text:
        raise InputError(
            f"The run folder {path} belongs to another configuration.",
            why="A run's configuration is frozen when it starts.",
            fix=f"Choose another name, or resume it with: {resuming(path)}",
        )
    return config, RunFolder(path)


def frozen_text(config: RunConfig) -> bytes:
    """Return what a run's config.toml holds."""
    return toml_writer.dumps(to_dict(config)).encode()


def extend_run(folder: RunFolder, phase: str, steps: int) -> None:
    """Write down that a phase has more steps, so that the run resumes to them."""
    config = to_dict(load_config(folder.path / FROZEN))
    config[phase]["steps"] = steps
    write_atomically(folder.path / FROZEN, toml_writer.dumps(config).encode())


@contextlib.contextmanager
def held(folder: RunFolder) -> Iterator[None]:
    """Keep other processes off the run inside the block.

    Raises:
        InputError: One works on it already.
    """
    lock = try_hold(folder.path / _LOCK)
    if lock is None:
        raise InputError(
            f"The run {folder.path} is being trained already.",
            why="Another process works on it, and two would overwrite each other's checkpoints.",
            fix="Watch it in the window, or stop it there first.",
        )
    with lock:
        for name in ("status", "data", "finished"):  # what only who holds the run writes
            for left in folder.path.glob(f".{name}.json.*"):
                left.unlink()  # a process was killed while it wrote it
        yield


def finished_phases(folder: RunFolder) -> list[str]:
    """Return the phases that are done."""
    file = folder.path / FINISHED
    return list(map(str, json.loads(file.read_bytes()))) if file.exists() else []


def environment() -> dict[str, str]:
    """Return what a run's exact numbers depend on beside its configuration; the data's fingerprint joins it later."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "machine": platform.machine(),
        "system": platform.platform(),
    }


def _known_runs(near: Path) -> str:
    """Return what could have been meant: runs in that folder, or in runs/."""
    found = [file.parent for place in (near, RUNS) for file in sorted(place.glob(f"*/{FROZEN}"))]
    return f"Name one of {', '.join(map(str, found[:5]))}" if found else "Name a run folder"
