"""Nodes that load models."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

from core.checkpoints import model_folder
from core.conditioning.text import TextEncoder
from core.device import select
from core.diffusion.latent_diffusion import Autoencoder, Denoiser
from core.graph.node_spec import Setting, node


class ModelParts(NamedTuple):
    """The parts of a latent diffusion model."""

    autoencoder: Autoencoder
    denoiser: Denoiser
    text_encoder: TextEncoder


def _files(name: str) -> Sequence[Path]:
    folder = model_folder.MODELS / name
    return sorted(file for file in folder.glob("*") if file.suffix in (".json", ".safetensors"))


@node(id="loom.load.model", title="Load model", category="Load")
def load_model(
    *,
    model: Annotated[
        str, Setting(choices=model_folder.installed, reads=_files, shown=True, help="An installed model.")
    ] = "stickers-64",
) -> ModelParts:
    """Load a latent diffusion model: its autoencoder, its denoiser, and its text encoder.

    The three were trained together; connect each to the nodes that use it.
    """
    loaded, device = model_folder.load_model(model_folder.find(model)), select()
    for module in (loaded.autoencoder.module, loaded.denoiser.module, loaded.text_encoder.transformer):
        module.to(device)
    return ModelParts(loaded.autoencoder, loaded.denoiser, loaded.text_encoder)
