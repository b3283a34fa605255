"""Loading whole models: a single file or a diffusers folder to the values that nodes exchange.

Networks are built without memory for their weights; names and shapes are compared with the header; only then the file
is mapped, and its pages become the weights. So loading takes about the time of reading the file once, for the check
that all weights are finite.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch

from core.cancellation import CancelToken
from core.checkpoints.build import Loader
from core.checkpoints.conditioners import load_conditioner
from core.checkpoints.diffusion_settings import schedule_of, space_of
from core.checkpoints.model_folder import load_autoencoder
from core.checkpoints.parts import Kind, Part
from core.checkpoints.prediction import KnownPrediction, prediction_of
from core.checkpoints.source import ModelSource, open_model
from core.checkpoints.structure import autoencoder_arguments
from core.diffusion.latent_diffusion import Autoencoder, Denoiser, LatentDiffusion
from core.diffusion.parameterization import Parameterization
from core.errors import ModelFileError
from core.models.first_stage import IdentityFirstStage
from core.models.first_stages import make_first_stage
from core.models.unet import UNetModel

OWN = ("autoencoder.safetensors", "model.json")
"""Files of this program's own model folders that stand for their autoencoder."""


@dataclass(frozen=True, kw_only=True)
class LoadOptions:
    """How a model is loaded.

    Attributes:
        prediction: What the denoiser predicts; None = find out.
        ema: Take the averaged weights where a single file has them.
        dtype: Precision of the weights; None = as in the file. In float16, autoencoders are float32.
        cancel: Asked between weights.
    """

    prediction: Parameterization | None = None
    ema: bool = True
    dtype: torch.dtype | None = torch.float32
    cancel: CancelToken | None = None


DEFAULTS = LoadOptions()


def load_checkpoint(path: Path, options: LoadOptions = DEFAULTS) -> LatentDiffusion:
    """Load a single file (CompVis names) or a diffusers folder, in evaluation mode.

    Raises:
        ModelFileError: It is missing, damaged or hostile, lacks a part, or does not fit any model that is known.
        Cancelled: Asked for by the options.
    """
    model, loader = fitted(path, options)
    loader.read(options.cancel)
    return model


def fitted(path: Path, options: LoadOptions) -> tuple[LatentDiffusion, Loader]:
    """Return a model that fits the file but has no weights yet, and what will give them to it.

    Raises:
        ModelFileError: As for `load_checkpoint`, except for weights that are not finite.
    """
    source = open_model(path, ema=options.ema)
    family = source.family
    load = Loader(options.dtype, family.name if family else "")
    # The denoiser comes first, as most mistakes show there.
    unet_part, arguments = _needed(source, "unet"), source.unet_arguments
    assert arguments is not None
    unet = load(UNetModel, arguments, unet_part)
    autoencoder = _autoencoder(source, load)
    kind = options.prediction or Parameterization(known_prediction(source).kind)
    schedule = schedule_of(source)
    if schedule.zero_terminal_snr and kind is Parameterization.EPS:
        schedule = replace(schedule, zero_terminal_snr=False)
    denoiser = Denoiser(unet, autoencoder.space, schedule, kind)
    return LatentDiffusion(autoencoder, denoiser, load_conditioner(source, load)), load


def load_first_stage(path: Path, options: LoadOptions = DEFAULTS) -> Autoencoder:
    """Load the autoencoder of a single file, of a diffusers folder, or of a file by itself.

    One that this program trained is known by the model.json beside its file.

    Raises:
        ModelFileError: As for `load_checkpoint`.
    """
    if path.name in OWN and (path.parent / "model.json").is_file():
        return load_autoencoder(path.parent)
    source, loader = open_model(path, ema=options.ema), Loader(options.dtype)
    autoencoder = _autoencoder(source, loader)
    loader.read(options.cancel)
    return autoencoder


def known_prediction(source: ModelSource) -> KnownPrediction:
    """Return what the denoiser of an opened model predicts, and how that is known."""
    arguments = source.unet_arguments or {"in_channels": 0}
    return prediction_of(
        source.file, source.config, source.family, arguments["in_channels"], source.settings.get("scheduler")
    )


def _needed(source: ModelSource, role: str) -> Part:
    part = source.parts.get(role)
    if part is None:
        kinds = ", ".join(f"its {part.kind}" for part in source.parts.values())
        wanted = {"unet": Kind.UNET, "autoencoder": Kind.AUTOENCODER}[role]
        raise ModelFileError(
            f"{source.path.name} is no whole model: it has no {wanted}.",
            why=f"All that it holds is {kinds}.",
            fix="Choose the file of a whole model.",
        )
    return part


def _autoencoder(source: ModelSource, load: Loader) -> Autoencoder:
    kind, _ = source.config.part("first_stage_config")
    if kind == "IdentityFirstStage":
        # A model on pixels (LDM-1 of the paper) has no weights there.
        pixels = IdentityFirstStage((source.unet_arguments or {"out_channels": 3})["out_channels"])
        return Autoencoder(pixels, space_of(source, pixels))
    part = _needed(source, "autoencoder")
    try:
        arguments = autoencoder_arguments(part.shapes())
    except (LookupError, ArithmeticError, ValueError) as error:
        raise ModelFileError(
            f"The autoencoder in {part.file.path.name} is of a kind that this program does not know.",
            why=f"Its structure cannot be read off its weights: {type(error).__name__} at {error}.",
            fix="Use the autoencoder of latent diffusion or Stable Diffusion.",
        ) from error
    module = load(make_first_stage, {"arguments": arguments}, part, wide=True)
    return Autoencoder(module, space_of(source, module))
