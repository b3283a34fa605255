"""A checkpoint as a model: what a run has learned so far, for workflows and for other runs, while it goes on."""

from __future__ import annotations

import shutil
from pathlib import Path

from core.errors import InputError
from training.config import PHASES, load_config
from training.data.opening import open_data
from training.data.watch import Watch
from training.distributed import Ranks
from training.learner import make_learner
from training.opening_run import FROZEN
from training.snapshot import restore_snapshot
from training.worker import CACHE, make_phase


def export_checkpoint(run: Path, out: Path, watch: Watch, step: int | None = None) -> tuple[str, int]:
    """Write the averaged weights of a checkpoint as a model folder, with the models of the phases before it.

    The run is only read, so a process may be training it.

    Args:
        run: A run folder.
        out: A folder that does not exist yet.
        watch: Is told how far the data is opened.
        step: Which checkpoint; None = the latest.

    Returns:
        The phase that it is of, and its step.

    Raises:
        InputError: There is no such checkpoint, or `out` exists.
        LoomError: The checkpoint is damaged.
        Cancelled: The watch asked for it.
    """
    name = _newest_phase(run)
    if out.exists():
        raise InputError(
            f"{out} exists already.",
            why="What is in it would be mixed with the model.", fix="Name a folder that does not exist.",
        )  # fmt: skip
    config = load_config(run / FROZEN)
    aside = out.with_name(f".{out.name}.partial")
    shutil.rmtree(aside, ignore_errors=True)
    try:
        shutil.copytree(run / "models", aside)
        phase = make_phase(name, config, aside, open_data(config.data, run.parent / CACHE, watch), watch)
        learner = make_learner(phase, Ranks())
        restored = restore_snapshot(run / "checkpoints" / name, learner, step)
        learner.ema.swap(phase.module)
        phase.module.eval()
        phase.finish(aside, watch.cancel.check)
        aside.rename(out)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return name, restored.step


def _newest_phase(run: Path) -> str:
    """Return the last phase of a run that has saved a checkpoint."""
    begun = [name for name in PHASES if any((run / "checkpoints" / name).glob("step_*"))]
    if begun and (run / FROZEN).is_file():
        return begun[-1]
    raise InputError(
        f"{run} has no checkpoint.",
        why="A run saves one every checkpoint_every steps, and when it is told to stop.",
        fix='Name a run folder; while it trains, "Checkpoint now" in the window saves one at once.',
    )
