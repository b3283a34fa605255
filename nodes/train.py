"""Nodes that train a model, or find it trained."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from core.checkpoints.model_folder import load_autoencoder
from core.checkpoints.model_folder import load_model as load_folder
from core.device import select
from core.diffusion.latent_diffusion import Autoencoder
from core.errors import InputError
from core.graph.node_spec import RunContext, Setting, node
from nodes.load import CheckpointParts
from training.config import load_config
from training.following import trained
from training.opening_run import RUNS

ConfigFile = Annotated[
    Path, Setting(widget="file", file_filter="Training configurations (*.toml)", shown=True, help="What is trained.")
]
RunName = Annotated[
    str, Setting(max_length=60, help="Of a new run; empty = as in the configuration. A taken one gets a number.")
]
FIRST = ("first_stage", "decoder")
SECOND = "second_stage"


@dataclass(frozen=True)
class TrainedAutoencoder(Autoencoder):
    """An autoencoder from a run.

    Attributes:
        folder: Where its model folder is, for runs that go on from it.
    """

    folder: Path


@node(id="loom.train.autoencoder", title="Train autoencoder", category="Train")
def train_autoencoder(*, configuration: ConfigFile, name: RunName = "", run: RunContext) -> TrainedAutoencoder:
    """Train the first stage of a configuration, and give the autoencoder on when it is ready.

    Training is a process of its own, listed on the Training page, where it can be watched and steered. A finished run
    of the same configuration is used at once, one that is going is waited for, and one that was stopped goes on.
    Cancel stops the run; what it learned stays.
    """
    phases = [phase for phase in load_config(configuration).phases if phase in FIRST]
    if not phases:
        raise InputError(
            f"{configuration.name} trains no autoencoder.", why="Its phases have neither first_stage nor decoder.",
            fix="Choose a configuration with first_stage, or use Load model.", port="configuration",
        )  # fmt: skip
    models = _models(configuration, name, {"phases": ", ".join(phases)}, run)
    autoencoder = load_autoencoder(models)
    autoencoder.module.to(select())
    return TrainedAutoencoder(autoencoder.module, autoencoder.space, models)


@node(id="loom.train.diffusion", title="Train diffusion model", category="Train")
def train_diffusion(
    autoencoder: TrainedAutoencoder | None = None, *, configuration: ConfigFile, name: RunName = "", run: RunContext
) -> CheckpointParts:
    """Train the second stage of a configuration, and give the whole model on when it is ready.

    With an autoencoder from Train autoencoder, only the denoiser and what reads its conditions are trained, in that
    autoencoder's latent space. Without one, all phases of the configuration are. Runs are found again, attached to,
    resumed and stopped as by Train autoencoder.
    """
    if SECOND not in load_config(configuration).phases:
        raise InputError(
            f"{configuration.name} trains no diffusion model.", why="Its phases do not have second_stage.",
            fix="Choose a configuration with second_stage, or use Train autoencoder.", port="configuration",
        )  # fmt: skip
    overrides = {} if autoencoder is None else {"phases": SECOND, "initial": str(autoencoder.folder.resolve())}
    model, device = load_folder(_models(configuration, name, overrides, run)), select()
    for module in (model.autoencoder.module, model.denoiser.module, model.conditioner):
        module.to(device)
    return CheckpointParts(model.autoencoder, model.denoiser, model.conditioner)


def _models(configuration: Path, name: str, overrides: dict[str, str], run: RunContext) -> Path:
    """Return the model folder of the finished run."""
    if name:
        overrides = {**overrides, "name": name}
    config = load_config(configuration, overrides)
    finished = trained(config, configuration, overrides, RUNS, run.cancel, run.step)
    run.note(f"{'Found' if finished.reused else 'Trained'} in the run {finished.folder.name}.")
    return finished.folder / "models"
