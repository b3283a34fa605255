"""A model that is trained further: a model folder, a single file or a diffusers folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.cancellation import CancelToken
from core.checkpoints.loading import LoadOptions, load_checkpoint
from core.checkpoints.model_folder import autoencoder_folder, load_model, read_description
from core.checkpoints.source import open_model
from core.checkpoints.structure import autoencoder_arguments
from core.conditioning.conditioner import Conditioner
from core.diffusion.latent_diffusion import Autoencoder, Denoiser


@dataclass(frozen=True)
class BaseModel:
    """A whole model and what builds its networks.

    Attributes:
        autoencoder, denoiser, conditioner: Its parts, float32.
        unet: Arguments of `UNetModel`.
        first_stage: Arguments of `make_first_stage`.
    """

    autoencoder: Autoencoder
    denoiser: Denoiser
    conditioner: Conditioner
    unet: Mapping[str, Any]
    first_stage: Mapping[str, Any]


def load_base(path: Path, cancel: CancelToken | None = None) -> BaseModel:
    """Load a model to train it further.

    Raises:
        ModelFileError: It is missing or damaged, or no whole model.
        Cancelled: Asked for by `cancel`.
    """
    if (path / "model.json").exists():
        model, first_stage = load_model(path), read_description(autoencoder_folder(path))["autoencoder"]
        return BaseModel(
            model.autoencoder, model.denoiser, model.conditioner,
            read_description(path)["denoiser"]["arguments"], first_stage["arguments"],
        )  # fmt: skip
    loaded, source = load_checkpoint(path, LoadOptions(cancel=cancel)), open_model(path)
    assert source.unet_arguments is not None, "a model that loads has a denoiser"
    first_stage = autoencoder_arguments(source.parts["autoencoder"].shapes())
    return BaseModel(loaded.autoencoder, loaded.denoiser, loaded.conditioner, source.unet_arguments, first_stage)
