"""What the second stage begins with: fresh networks for the data at hand, or a model that is trained further."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from core.conditioning.conditioning import Conditioning
from core.diffusion.latent_diffusion import Autoencoder, Denoiser, LatentSpace
from core.errors import InputError
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
    config: SecondStageConfig, autoencoder: Autoencoder, side: int, data: TrainingSet, device: torch.device,
    begins_from: BaseModel | None = None,
) -> DenoiserSetup:  # fmt: skip
    """Build networks with first weights, or with those of another task's model; latents are `side` by `side`.

    Raises:
        InputError: The data does not tell what the denoiser is to be told, or the other model's latents are others.
        TypeError, ValueError: The networks cannot be built as configured.
    """
    space = autoencoder.space
    if begins_from is not None:
        _expect_space(begins_from, space, config.begins_from)
    known = begins_from.conditioner if begins_from is not None else None
    told = fresh_conditions(config.conditioning, config.text, data, autoencoder, known)
    arguments = {
        "image_size": side, "in_channels": space.channels, "out_channels": space.channels,
        **_inputs(told, data, space.channels), **config.unet,
    }  # fmt: skip
    unet = UNetModel(**arguments)
    if begins_from is not None:
        begin_from(unet, begins_from.denoiser.module.state_dict())
    unet.to(device)
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
def begin_from(unet: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Give a denoiser another one's weights where names and shapes are the same.

    An input layer that sees more channels than the other's begins with zeros for them, so that it computes what the
    other does until it learns what they say. SD's inpainting model began from its text-to-image model in this way.
    """
    for name, mine in unet.state_dict().items():
        theirs = weights.get(name)
        if theirs is None:
            continue
        if mine.shape == theirs.shape:
            mine.copy_(theirs)
        elif mine.ndim == 4 and mine.shape[1] > theirs.shape[1] and mine[:, :1].shape == theirs[:, :1].shape:
            mine.zero_()
            mine[:, : theirs.shape[1]] = theirs


def _expect_space(model: BaseModel, space: LatentSpace, path: str) -> None:
    theirs = model.autoencoder.space
    if theirs != space:
        raise InputError(
            f"A denoiser cannot begin from {path}.",
            why=f"It was trained in the latents of {theirs.name}, and this one learns in those of {space.name}.",
            fix="Train it on the autoencoder of that model (initial), or leave begins_from empty.",
        )


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
