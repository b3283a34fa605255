"""A model as it lies on the disk, opened: a single file, or a diffusers folder with a file for each network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from core.checkpoints.config_file import LIMIT, ModelConfig, config_beside, configurations_beside
from core.checkpoints.parts import Part, parts_of
from core.checkpoints.structure import folder_heads, unet_arguments
from core.checkpoints.weight_file import SUFFIXES, WeightFile, open_weights
from core.checkpoints.zoo import Family, family_of
from core.errors import ModelFileError

INDEX = "model_index.json"
# Folder of a diffusers model -> role of the network in it.
ROLES = {
    "unet": "unet",
    "vae": "autoencoder",
    "vqvae": "autoencoder",
    "text_encoder": "text",
    "text_encoder_2": "text_2",
}
# What a network's file is called in such a folder, best first.
_STEMS = ("diffusion_pytorch_model", "model", "pytorch_model")
_VARIANTS = ("", ".fp16", ".bf16", ".non_ema")


@dataclass(frozen=True)
class ModelSource:
    """An opened model; only headers and configurations have been read.

    Attributes:
        path: The file or folder.
        parts: Its networks by role: "unet", "autoencoder", "text", "text_2".
        config: The configuration beside a single file.
        settings: JSON configurations of a diffusers folder, by subfolder.
    """

    path: Path
    parts: Mapping[str, Part]
    config: ModelConfig = field(default_factory=ModelConfig)
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def file(self) -> WeightFile:
        """The file that tells of the whole: the single file, or the denoiser's."""
        return (self.parts.get("unet") or next(iter(self.parts.values()))).file

    @cached_property
    def unet_arguments(self) -> dict[str, Any] | None:
        """The arguments of `UNetModel`, from shapes and configuration; None without a UNet.

        Raises:
            ModelFileError: The weights are not those of a UNet that this program knows.
        """
        part = self.parts.get("unet")
        if part is None:
            return None
        if described := self.config.whole_unet():
            return described
        try:
            arguments = unet_arguments(part.shapes())
            heads = folder_heads(arguments, self.settings.get("unet", {}))
            return arguments | heads | self.config.unet_settings()
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise ModelFileError(
                f"The UNet in {part.file.path.name} is of a kind that this program does not know.",
                why=f"Its structure cannot be read off its weights: {type(error).__name__} at {error}.",
                fix="Use a UNet of latent diffusion or Stable Diffusion.",
            ) from error

    @property
    def family(self) -> Family | None:
        """The published model that the UNet's shapes belong to, or None."""
        arguments = self.unet_arguments
        return None if arguments is None else family_of(arguments)


def open_model(path: Path, *, ema: bool = True) -> ModelSource:
    """Open a single file or a diffusers folder.

    Args:
        path: The file; or the folder, or model_index.json in it.
        ema: Take a single file's averaged weights where it has them.

    Raises:
        ModelFileError: It is missing or damaged, or holds no network that is known.
    """
    folder = folder_of(path)
    if folder is not None:
        return _open_folder(folder)
    file = open_weights(path)
    parts = parts_of(file, ema=ema)
    if not parts:
        raise _unknown(file)
    return ModelSource(path, parts, config_beside(path))


def folder_of(path: Path) -> Path | None:
    """Return the folder that a path means: itself, or that of its model_index.json; None for other files."""
    if path.name == INDEX:
        return path.parent
    return path if path.is_dir() else None


def files_of(path: Path) -> tuple[Path, ...]:
    """Return the files that decide what loading `path` gives, as far as they are there."""
    folder = folder_of(path)
    if folder is not None:
        found = (file for name in (*ROLES, "scheduler") for file in sorted((folder / name).glob("*")))
        return (path, *(file for file in found if file.suffix in (*SUFFIXES, ".json")))
    return (path, *(file for file in configurations_beside(path) if file.is_file()))


def _open_folder(folder: Path) -> ModelSource:
    parts, settings = {}, {}
    for name, role in ROLES.items():
        if (folder / name).is_dir():
            file = open_weights(weights_in(folder / name))
            found = parts_of(file, ema=False)
            if not found:
                raise _unknown(file)
            parts[role] = next(iter(found.values()))
    for name in ("scheduler", "vae", "unet", "text_encoder", "text_encoder_2"):
        file_name = "scheduler_config.json" if name == "scheduler" else "config.json"
        settings[name] = _read_json(folder / name / file_name)
    if not parts:
        raise ModelFileError(
            f"{folder.name} is no model folder.",
            why=f"{folder} has none of the subfolders {', '.join(ROLES)} with known weights.",
            fix="Choose the folder that holds unet and vae.",
        )
    return ModelSource(folder, parts, settings=settings)


def _unknown(file: WeightFile) -> ModelFileError:
    first = next(iter(sorted(file.entries)), "nothing")
    return ModelFileError(
        f"{file.path.name} holds no network that this program knows.",
        why=f"Its names, such as {first}, are not those of latent diffusion, Stable Diffusion or diffusers.",
        fix="Choose another file; for LoRA, use the node for it.",
    )


def weights_in(folder: Path) -> Path:
    """Return the file of weights in a network's subfolder, safetensors first.

    Raises:
        ModelFileError: There is none.
    """
    for suffix in SUFFIXES:
        for stem in _STEMS:
            for variant in _VARIANTS:
                path = folder / f"{stem}{variant}{suffix}"
                if path.is_file():
                    return path
    raise ModelFileError(
        f"The folder {folder.name} holds no weights.",
        why=f"There is no {_STEMS[0]}.safetensors or model.safetensors in {folder}.",
        fix="Copy or download the model's folder again; weights split into several files are not read.",
    )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        if not path.is_file():
            return {}
        loaded = json.loads(path.read_text("utf-8")) if path.stat().st_size <= LIMIT else None
    except (OSError, ValueError, RecursionError):
        loaded = None
    if not isinstance(loaded, dict):
        raise ModelFileError(
            f"The configuration {path.name} cannot be read.", why=f"{path} is no JSON object.", fix="Copy it again."
        )
    return loaded
