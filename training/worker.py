"""The training process: phases one after another in a run folder.

`python main.py train CONFIG.toml` makes runs/<name>; `python main.py train RUN_FOLDER` resumes it.
"""

from __future__ import annotations

import json
import platform
import shutil
import signal
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from core.cancellation import CancelToken
from core.checkpoints.model_folder import load_autoencoder
from core.errors import Cancelled, InputError, LoomError
from core.randomness import derived_seed
from training import toml_writer
from training.config import PHASES, RunConfig, load_config, to_dict
from training.data.latent_cache import cached_latents
from training.data.opening import Opened, open_data
from training.data.watch import Watch
from training.first_stage import DecoderTuning, FirstStage
from training.loop import Loop, Outcome
from training.phase import Phase
from training.run_folder import RunFolder, write_atomically
from training.second_stage import SecondStage

RUNS = Path("runs")
CACHE = ".cache"
FROZEN = "config.toml"


def main(target: Path, overrides: Mapping[str, str] | None = None) -> int:
    """Run or resume training; return 0 when finished or stopped on request.

    Raises:
        LoomError: The configuration cannot be used, or the run failed; status.json says the same.
    """
    config, folder = open_run(target, overrides or {})
    cancel = CancelToken()
    earlier = {number: signal.signal(number, lambda *_: cancel.cancel()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        train(config, folder, cancel)
    except LoomError as error:
        folder.event("failed", what=error.what, why=error.why, fix=error.fix)
        folder.status(state="failed", error={"what": error.what, "why": error.why, "fix": error.fix})
        raise
    except Exception as error:
        # Whoever watches the folder learns of it; the traceback goes on.
        told = {"what": f"Training failed: {error!r}.", "why": "This is a mistake in the program.", "fix": "Report it."}
        folder.status(state="failed", error=told)
        raise
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
    return 0


def open_run(target: Path, overrides: Mapping[str, str]) -> tuple[RunConfig, RunFolder]:
    """Make the run folder of a configuration, or open a run folder that is there.

    Raises:
        InputError: The configuration cannot be used, or is not the one that the run began with.
    """
    if target.is_dir():
        if overrides:
            raise InputError(
                f"{', '.join(overrides)} cannot be changed in {target}.",
                why="A run's configuration is frozen when it starts.",
                fix="Leave the overrides out to resume it, or begin a run of another name from a configuration file.",
            )
        return load_config(target / FROZEN), RunFolder(target)
    config = load_config(target, overrides)
    path, text = RUNS / config.name, toml_writer.dumps(to_dict(config)).encode()
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
            fix=f"Choose another name, or resume it with: python main.py train {path}",
        )
    return config, RunFolder(path)


def environment() -> dict[str, str]:
    """Return what a run's exact numbers depend on beside its configuration; the data's fingerprint joins it later."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "machine": platform.machine(),
        "system": platform.platform(),
    }


def train(config: RunConfig, folder: RunFolder, cancel: CancelToken) -> None:
    """Run the phases that are not finished yet."""
    torch.set_num_threads(1)
    folder.status(state="preparing", phase="data")
    models = folder.path / "models"
    if config.initial and not (models / "model.json").exists():
        shutil.copytree(config.initial, models, dirs_exist_ok=True)
    done_file = folder.path / "finished.json"
    done: list[str] = json.loads(done_file.read_text()) if done_file.exists() else []
    try:
        watch = Watch(cancel, Preparing(folder))
        data = open_run_data(config, folder, watch)
        for name in PHASES:
            if name not in config.phases or name in done:
                continue
            phase = make_phase(name, config, models, data, watch)
            if Loop(config, folder, phase, cancel).run() is Outcome.STOPPED:
                return
            done.append(name)
            write_atomically(done_file, json.dumps(done).encode())
    except Cancelled:
        folder.status(state="stopped", phase="data", step=0)
        return
    folder.status(state="finished")


def open_run_data(config: RunConfig, folder: RunFolder, watch: Watch) -> Opened:
    """Open the data of a run; what it holds goes to data.json while it is looked at.

    Raises:
        InputError: The data cannot be used, or is not what the run began with.
    """
    report_file, environment_file = folder.path / "data.json", folder.path / "environment.json"
    data = open_data(config.data, RUNS / CACHE, watch, lambda report: report.write(report_file))
    data.report.write(report_file)
    folder.event("data_opened", count=len(data.train), held_out=data.report.held_out, bad=len(data.report.bad))
    known = json.loads(environment_file.read_text("utf-8"))
    began_with = known.setdefault("dataset", data.report.fingerprint)
    if began_with != data.report.fingerprint:
        raise InputError(
            f"The data of {folder.path} has changed since the run began.",
            why=f"Its fingerprint was {began_with} and is {data.report.fingerprint}: a resumed run would not be exact.",
            fix="Restore the files, or begin a run of another name, from these models with: initial.",
        )
    write_atomically(environment_file, json.dumps(known, indent=1).encode())
    return data


class Preparing:
    """Tells status.json how far the preparation of data is, and obeys a stop meanwhile; a `Watch.tell`."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder, self._told, self._doing = folder, 0.0, ""

    def __call__(self, what: str, done: int, total: int) -> None:
        """Report at most twice a second; raises `Cancelled` when a stop was asked for."""
        if what != self._doing:
            self._doing = what
            self._folder.event("preparing", doing=what, done=done, total=total)
        elif time.monotonic() - self._told < 0.5:
            return
        self._told = time.monotonic()
        self._folder.status(state="preparing", phase="data", doing=what, step=done, steps=total)
        for command in self._folder.commands():
            if command in ("stop", "abort"):
                raise Cancelled
            self._folder.event("control_ignored", command=command)


def make_phase(name: str, config: RunConfig, models: Path, data: Opened, watch: Watch) -> Phase:
    """Build a phase; its first weights depend on the run's seed alone.

    Raises:
        InputError: The networks cannot be built as configured.
        ModelFileError: The phase needs the model of an earlier one, which is not there.
    """
    try:
        return _make_phase(name, config, models, data, watch)
    except (TypeError, ValueError, KeyError, AssertionError, RuntimeError) as error:
        raise InputError(
            f"The networks of {name} cannot be built as configured.",
            why=f"{type(error).__name__}: {error}",
            fix=f"Change the network's arguments under {name} in the configuration.",
        ) from error


def _make_phase(name: str, config: RunConfig, models: Path, data: Opened, watch: Watch) -> Phase:
    torch.manual_seed(derived_seed(config.seed, name, "weights"))
    if name == "first_stage":
        return FirstStage(config, config.first_stage, data.train, data.held_out)
    autoencoder = load_autoencoder(models)
    latents = cached_latents(data.train, autoencoder, RUNS / CACHE, watch)
    if name == "decoder":
        return DecoderTuning(config, config.decoder, autoencoder, latents, data.train, data.held_out)
    return SecondStage(config, autoencoder, latents, data.train, data.held_out)
