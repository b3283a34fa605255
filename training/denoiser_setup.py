"""What the second stage begins with: fresh networks for the data at hand, or a model that is trained further."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from core.conditioning.conditioning import Conditioning
from core.diffusion.latent_diffusion import Autoencoder, Denoiser
from core.models.unet import UNetModel
from training.base_model import BaseModel
from training.conditions.batch import Batch
from training.conditions.build import fresh_conditions, known_conditions
from training.conditions.told import Told
from training.config import SecondStageConfig
from training.data.training_set import TrainingSet
from training.data.watch import Watch


@dataclass(frozen=True)
class DenoiserSetup:
    """Networks before their first step.

    Attributes:
        autoencoder: The first stage.
        denoiser: The network that learns, and how its predictions are read.
        told: What it is told.
        arguments: Those of the denoiser's `UNetModel`.
        first_stage: Those of the first stage, where it comes with the denoiser; None = it is saved already.
    """

    autoencoder: Autoencoder
    denoiser: Denoiser
    told: Told
    arguments: Mapping[str, Any]
    first_stage: Mapping[str, Any] | None = None


def fresh_setup(
    config: SecondStageConfig, autoencoder: Autoencoder, side: int, data: TrainingSet, device: torch.device
) -> DenoiserSetup:
    """Build networks with first weights; latents are `side` by `side`.

    Raises:
        InputError: The data does not tell what the denoiser is to be told.
        TypeError, ValueError: The networks cannot be built as configured.
    """
    told = fresh_conditions(config.conditioning, config.text, data, autoencoder)
    space = autoencoder.space
    arguments = {
        "image_size": side, "in_channels": space.channels, "out_channels": space.channels,
        **_inputs(told, data, space.channels), **config.unet,
    }  # fmt: skip
    unet = UNetModel(**arguments).to(device)
    told.to(device)
    denoiser = Denoiser(unet, space, config.schedule, config.parameterization)
    return DenoiserSetup(autoencoder, denoiser, told, arguments)


def further_setup(
    config: SecondStageConfig, base: BaseModel, data: TrainingSet, cache: Path, watch: Watch, device: torch.device
) -> DenoiserSetup:
    """Take over a model that is there.

    Raises:
        InputError: It cannot be trained further.
        Cancelled: The watch asked for it while captions were encoded.
    """
    base.denoiser.module.to(device)
    base.conditioner.to(device)
    # What UNetModel is built with decides its weights, except for this, which decides how much memory it takes.
    base.denoiser.module.use_checkpoint = bool(config.unet.get("use_checkpoint", False))
    told = known_conditions(
        base.conditioner, config.conditioning.inpainting, data, base.autoencoder, cache, watch,
        text_learns=config.base_text_learns,
    )  # fmt: skip
    return DenoiserSetup(base.autoencoder, base.denoiser, told, base.unet, base.first_stage)


@torch.no_grad()
def _inputs(told: Told, data: TrainingSet, channels: int) -> dict[str, Any]:
    """Return the arguments that let a denoiser of latents with these channels be told what a sample is told."""
    # Trying out must not change the weights that are drawn afterwards.
    with torch.random.fork_rng(devices=[]):
        batch = Batch(data, torch.zeros(1, dtype=torch.long), "trial")
        made = told.made(batch, torch.zeros(len(told.parts), 1, dtype=torch.bool), torch.device("cpu"))
    concat = 0 if made.concat is None else made.concat.shape[1]
    return {"in_channels": channels + concat, **_tokens(made), **_vector(made)}


def _tokens(made: Conditioning) -> dict[str, Any]:
    return {} if made.tokens is None else {"context_dim": made.tokens.shape[-1], "use_spatial_transformer": True}


def _vector(made: Conditioning) -> dict[str, Any]:
    if made.vector is None:
        return {}
    if made.vector.is_floating_point():
        return {"num_classes": "sequential", "adm_in_channels": made.vector.shape[-1]}
    return {"num_classes": 1000}
