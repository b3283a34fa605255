"""Nodes that load models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NamedTuple, cast

import torch

from core.checkpoints import model_folder, model_library
from core.checkpoints.conditioners import text_networks, with_text_networks
from core.checkpoints.loading import LoadOptions, load_checkpoint, load_first_stage
from core.checkpoints.lora import apply_lora as add_lora
from core.checkpoints.lora_file import open_lora
from core.checkpoints.source import files_of
from core.conditioning.conditioner import Conditioner
from core.device import select
from core.diffusion.latent_diffusion import Autoencoder, Denoiser
from core.diffusion.parameterization import Parameterization
from core.graph.node_spec import RunContext, Setting, node
from core.models.compilation import compile_network
from core.models.unet import UNetModel

CHECKPOINTS = "Checkpoints (*.safetensors *.ckpt *.pt *.pth *.bin model_index.json)"
AUTOMATIC = "automatic"
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


class ModelParts(NamedTuple):
    """The parts of a latent diffusion model."""

    autoencoder: Autoencoder
    denoiser: Denoiser
    text_encoder: Conditioner


def _files(name: str) -> Sequence[Path]:
    folder = model_library.folders().get(name)
    return model_folder.files_of(folder) if folder else ()


@node(id="loom.load.model", title="Load model", category="Load")
def load_model(
    *,
    model: Annotated[
        str, Setting(choices=model_library.installed, reads=_files, shown=True, help="An installed model.")
    ] = "stickers-24",
) -> ModelParts:
    """Load a latent diffusion model: its autoencoder, its denoiser, and what reads its conditions.

    The three were trained together; connect each to the nodes that use it. Most models are told what to show by a
    prompt; others by a class, by boxes, by a semantic map or by a picture.
    """
    loaded, device = model_folder.load_model(model_library.find(model)), select()
    for module in (loaded.autoencoder.module, loaded.denoiser.module, loaded.conditioner):
        module.to(device)
    return ModelParts(loaded.autoencoder, loaded.denoiser, loaded.conditioner)


class CheckpointParts(NamedTuple):
    """The parts of a model from a file."""

    autoencoder: Autoencoder
    denoiser: Denoiser
    conditioner: Conditioner


@node(id="loom.load.checkpoint", title="Load checkpoint", category="Load")
def checkpoint(
    *,
    file: Annotated[
        Path,
        Setting(
            widget="file", file_filter=CHECKPOINTS, shown=True, reads=lambda path: files_of(Path(path)),
            help="A single file, or model_index.json of a diffusers folder.",
        ),
    ],
    prediction: Annotated[
        str,
        Setting(choices=(AUTOMATIC, *Parameterization), help="What the denoiser predicts, if it is not found out."),
    ] = AUTOMATIC,
    averaged: Annotated[bool, Setting(help="Take the averaged weights (EMA) where the file has them.")] = True,
    precision: Annotated[
        str,
        Setting(
            choices=tuple(PRECISIONS),
            help="bfloat16 and float16 take half the memory and are quicker on a GPU, at a small loss.",
        ),
    ] = "float32",
    compiled: Annotated[
        bool, Setting(help="Compile the denoiser: the first step of each size takes minutes, further ones less.")
    ] = False,
    run: RunContext,
) -> CheckpointParts:  # fmt: skip
    """Load a published model: Stable Diffusion 1, 2 or XL, their inpainting models, or a latent diffusion model.

    What it is follows from the shapes of its weights, a configuration beside it, and its name. The conditioner is
    what makes its conditions: connect it to a prompt, a class, a layout or a map, whichever the model takes. Files
    are only read as numbers; none can run a program.
    """
    kind = None if prediction == AUTOMATIC else Parameterization(prediction)
    options = LoadOptions(prediction=kind, ema=averaged, dtype=PRECISIONS[precision], cancel=run.cancel)
    loaded, device = load_checkpoint(file, options), select()
    for module in (loaded.autoencoder.module, loaded.denoiser.module, loaded.conditioner):
        module.to(device)
    if compiled:
        compile_network(loaded.denoiser.module)
    return CheckpointParts(loaded.autoencoder, loaded.denoiser, loaded.conditioner)


@node(id="loom.load.autoencoder", title="Load autoencoder", category="Load")
def autoencoder(
    *,
    file: Annotated[
        Path,
        Setting(
            widget="file", file_filter=CHECKPOINTS, shown=True, reads=lambda path: files_of(Path(path)),
            help="An autoencoder's own file, or any model's: only its autoencoder is read.",
        ),
    ],
    run: RunContext,
) -> Autoencoder:  # fmt: skip
    """Load an autoencoder by itself, such as one that was trained further for Stable Diffusion.

    It can take the place of the one that a model came with if both have the same latent space.
    """
    loaded = load_first_stage(file, LoadOptions(cancel=run.cancel))
    loaded.module.to(select())
    return loaded


class AdaptedParts(NamedTuple):
    """A denoiser and a conditioner with a LoRA."""

    denoiser: Denoiser
    conditioner: Conditioner


@node(id="loom.load.lora", title="Apply LoRA", category="Load")
def apply_lora(
    denoiser: Denoiser,
    conditioner: Conditioner,
    *,
    file: Annotated[
        Path, Setting(widget="file", file_filter="LoRA (*.safetensors *.ckpt *.pt *.pth *.bin)", shown=True)
    ],
    strength: Annotated[
        float, Setting(min=-4.0, max=4.0, step=0.05, shown=True, help="1 as trained, 0 none, below 0 the opposite.")
    ] = 1.0,
    text_strength: Annotated[
        float, Setting(min=-4.0, max=4.0, step=0.05, help="The same for the text encoder.")
    ] = 1.0,
    live: Annotated[
        bool, Setting(help="Compute it beside the weights in each step: less memory, slower. Off = add it to them.")
    ] = False,
) -> AdaptedParts:  # fmt: skip
    """Add a LoRA, a small file that teaches a model a style or a subject.

    Chain several of these nodes to use several; their order does not matter. It must have been made for the same
    family of models.
    """
    networks = {"unet": denoiser.module, **text_networks(conditioner)}
    strengths = {role: strength if role == "unet" else text_strength for role in networks}
    changed = add_lora(networks, open_lora(file), strengths, live=live)
    unet = cast(UNetModel, changed["unet"])
    return AdaptedParts(replace(denoiser, module=unet), with_text_networks(conditioner, changed))
