"""The training process: phases one after another in a run folder.

`python main.py train CONFIG.toml` makes runs/<name>; `python main.py train RUN_FOLDER` resumes it.
"""

from __future__ import annotations

import json
import platform
import shutil
import signal
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch

from core.cancellation import CancelToken
from core.checkpoints.model_folder import load_autoencoder
from core.errors import Cancelled, InputError, LoomError
from core.randomness import derived_seed
from training.config import PHASES, RunConfig, build, load_config, to_dict
from training.data import ScenePool, load_pool
from training.first_stage import DecoderTuning, FirstStage, encode_pool
from training.loop import Loop, Outcome
from training.phase import Phase
from training.run_folder import RunFolder, write_atomically
from training.second_stage import SecondStage

HELD_OUT_SEED = 1_000_000_000
RUNS = Path("runs")


def main(target: Path, overrides: Mapping[str, str] | None = None) -> int:
    """Run or resume training; return 0 when finished or stopped on request.

    Raises:
        LoomError: The configuration cannot be used, or the run failed; status.json says the same.
    """
    config, folder = open_run(target, overrides or {})
    cancel = CancelToken()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: cancel.cancel())
    try:
        train(config, folder, cancel)
    except LoomError as error:
        folder.event("failed", what=error.what, why=error.why, fix=error.fix)
        folder.status(state="failed", error={"what": error.what, "why": error.why, "fix": error.fix})
        raise
    return 0


def open_run(target: Path, overrides: Mapping[str, str]) -> tuple[RunConfig, RunFolder]:
    """Make the run folder of a configuration, or open a run folder that is there."""
    if target.is_dir():
        try:
            frozen = json.loads((target / "config.json").read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(
                f"{target} cannot be resumed.", why=f"Its config.json cannot be read: {error}.", fix="Name a run folder."
            ) from error
        return build(RunConfig, frozen, f"{target}/config.json"), RunFolder(target)
    config = load_config(target, overrides)
    folder = RunFolder(RUNS / config.name)
    text = json.dumps(to_dict(config), indent=1).encode()
    frozen_file = folder.path / "config.json"
    if frozen_file.exists() and frozen_file.read_bytes() != text:
        raise InputError(
            f"The run folder {folder.path} belongs to another configuration.",
            why="A run's configuration is frozen when it starts.",
            fix=f"Choose another name, or resume it with: python main.py train {folder.path}",
        )
    write_atomically(frozen_file, text)
    shutil.copyfile(target, folder.path / "config.toml")
    environment = {"python": platform.python_version(), "torch": torch.__version__, "machine": platform.machine()}
    write_atomically(folder.path / "environment.json", json.dumps(environment, indent=1).encode())
    return config, folder


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
        pool = load_pool(config.data, RUNS / ".cache", cancel)
        held_out = replace(config.data, seed=HELD_OUT_SEED, count=64)
        shown = load_pool(held_out, RUNS / ".cache", cancel)
        for name in PHASES:
            if name not in config.phases or name in done:
                continue
            phase = make_phase(name, config, models, pool, shown)
            if Loop(config, folder, phase, cancel).run() is Outcome.STOPPED:
                return
            done.append(name)
            write_atomically(done_file, json.dumps(done).encode())
    except Cancelled:
        folder.status(state="stopped", phase="data")
        return
    folder.status(state="finished")


def make_phase(name: str, config: RunConfig, models: Path, pool: ScenePool, held_out: ScenePool) -> Phase:
    """Build a phase; its first weights depend on the run's seed alone."""
    torch.manual_seed(derived_seed(config.seed, name, "weights"))
    if name == "first_stage":
        return FirstStage(config, config.first_stage, pool, held_out)
    autoencoder = load_autoencoder(models)
    latents = encode_pool(autoencoder.module, pool.images) * autoencoder.space.scale
    if name == "decoder":
        return DecoderTuning(config, config.decoder, autoencoder, latents, pool, held_out)
    return SecondStage(config, autoencoder, latents, pool, held_out)
