"""This project's own model folders: model.json beside safetensors files.

model.json names the parts; each part has its constructor arguments and its file:
    autoencoder.safetensors   the first stage, with the scale that gives its latents unit variance
    denoiser.safetensors      the UNet
    text_encoder.safetensors  the text transformer, where there is nothing beside a prompt
    conditioner.safetensors   any other conditioner; "conditioner" in model.json gives its kind
    tokenizer.json            the WordPiece tokenizer of either

Models of one latent space need its autoencoder only once: instead of arguments and a file, the part "autoencoder" may
name the installed model that has it ("model"), and the latent space that the denoiser was trained in ("space").
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import nn

from core.checkpoints.build import UNUSABLE, load_into
from core.checkpoints.conditioner_description import Description, describe, text_arguments
from core.checkpoints.config_file import LIMIT
from core.checkpoints.model_library import folders
from core.conditioning.build import build_conditioner
from core.conditioning.conditioner import Conditioner, expect
from core.conditioning.text import END, START, TextEncoder
from core.diffusion.latent_diffusion import Autoencoder, Denoiser, LatentDiffusion, LatentSpace
from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Parameterization
from core.errors import ModelFileError
from core.models.first_stages import make_first_stage
from core.models.unet import UNetModel
from core.models.weightless import weightless

FORMAT, VERSION = "latent-loom-model", 1
FILES = ("autoencoder.safetensors", "denoiser.safetensors", "text_encoder.safetensors", "conditioner.safetensors",
         "tokenizer.json", "model.json")  # fmt: skip


def save_autoencoder(
    folder: Path, autoencoder: Autoencoder, arguments: Mapping[str, Any], dtype: torch.dtype = torch.float32
) -> None:
    """Write the first stage into a model folder; `arguments` are those of `make_first_stage`."""
    _save(autoencoder.module, folder / "autoencoder.safetensors", dtype)
    _record(folder, "autoencoder", {"arguments": dict(arguments), "space": asdict(autoencoder.space)})


def save_diffusion(
    folder: Path,
    denoiser: Denoiser,
    conditioner: Conditioner,
    arguments: Mapping[str, Any],
    dtype: torch.dtype = torch.float32,
) -> None:
    """Write the denoiser and its conditioner into a model folder; `arguments` are those of `UNetModel`.

    What the folder held of another denoiser's conditioner is removed.
    """
    _save(denoiser.module, folder / "denoiser.safetensors", dtype)
    schedule, kind = asdict(denoiser.schedule), str(denoiser.parameterization)
    _record(folder, "denoiser", {"arguments": dict(arguments), "schedule": schedule, "parameterization": kind})
    save_conditioner(folder, conditioner, dtype)


def save_conditioner(folder: Path, conditioner: Conditioner, dtype: torch.dtype = torch.float32) -> None:
    """Write the conditioner into a model folder, in the place of the one that is there."""
    for name in ("text_encoder", "conditioner"):
        _record(folder, name, None)
        (folder / f"{name}.safetensors").unlink(missing_ok=True)
    (folder / "tokenizer.json").unlink(missing_ok=True)
    text = next((member for member in conditioner.members if isinstance(member, TextEncoder)), None)
    if text is not None:
        text.tokenizer.save(str(folder / "tokenizer.json"))
    if text is not None and conditioner is text and text.map is None:
        _save(text.transformer, folder / "text_encoder.safetensors", dtype)
        _record(folder, "text_encoder", {"arguments": text_arguments(text)})
        return
    if conditioner.state_dict():
        _save(conditioner, folder / "conditioner.safetensors", dtype)
    _record(folder, "conditioner", asdict(describe(conditioner)))


def expect_shareable(folder: Path, name: str) -> None:
    """Check that a model can use the autoencoder of the installed model `name`.

    Raises:
        ModelFileError: That model is not installed, or its latents are not those of this one.
    """
    _sharing(folder, name, _part(folder, "autoencoder").get("space"))


def share_autoencoder(folder: Path, name: str) -> None:
    """Let a model folder use the autoencoder of the installed model `name`, in place of its own copy.

    Raises:
        ModelFileError: As for `expect_shareable`.
    """
    expect_shareable(folder, name)
    _record(folder, "autoencoder", {"model": name, "space": _part(folder, "autoencoder").get("space")})
    (folder / "autoencoder.safetensors").unlink(missing_ok=True)


def autoencoder_folder(folder: Path) -> Path:
    """Return the folder with a model's first stage: itself, or that of the model whose autoencoder it shares.

    Raises:
        ModelFileError: Its model.json cannot be used, or the other model is not installed or has other latents.
    """
    part = _part(folder, "autoencoder")
    return _sharing(folder, part["model"], part.get("space")) if "model" in part else folder


def files_of(folder: Path) -> list[Path]:
    """Return the files that a model is read from, those of a shared autoencoder included, if it is there."""
    try:
        shared = {autoencoder_folder(folder) / name for name in ("model.json", "autoencoder.safetensors")}
    except ModelFileError:
        shared = set()
    own = (file for file in folder.iterdir() if file.suffix in (".json", ".safetensors"))
    return sorted({*own, *(file for file in shared if file.exists())})


def latent_space(folder: Path) -> LatentSpace:
    """Return the latent space of a model's first stage, of which no weight is read.

    Raises:
        ModelFileError: model.json cannot be used, or its first stage is not installed.
    """
    folder = autoencoder_folder(folder)
    try:
        return LatentSpace(**_part(folder, "autoencoder")["space"])
    except UNUSABLE as error:
        raise _malformed(folder, "autoencoder", error) from error


def load_autoencoder(folder: Path) -> Autoencoder:
    """Load the first stage of a model folder, float32, in evaluation mode.

    Raises:
        ModelFileError: model.json or the weights are missing, damaged, or do not belong together.
    """
    folder = autoencoder_folder(folder)
    part = _part(folder, "autoencoder")
    try:
        with weightless():  # whatever sizes it names, nothing is allocated before the file's are known
            module, space = make_first_stage(part["arguments"]), latent_space(folder)
    except UNUSABLE as error:
        raise _malformed(folder, "autoencoder", error) from error
    load_into(module, folder / "autoencoder.safetensors")
    return Autoencoder(module.eval(), space)


def load_model(folder: Path) -> LatentDiffusion:
    """Load a whole model folder, float32, in evaluation mode.

    Raises:
        ModelFileError: model.json or the weights are missing, damaged, or do not belong together.
    """
    autoencoder = load_autoencoder(folder)
    denoiser = _part(folder, "denoiser")
    try:
        with weightless():
            unet = UNetModel(**denoiser["arguments"])
        schedule, kind = NoiseSchedule(**denoiser["schedule"]), Parameterization(denoiser["parameterization"])
    except UNUSABLE as error:
        raise _malformed(folder, "denoiser", error) from error
    conditioner = _load_conditioner(folder, autoencoder)
    load_into(unet, folder / "denoiser.safetensors")
    return LatentDiffusion(
        autoencoder, Denoiser(unet.eval(), autoencoder.space, schedule, kind), conditioner.eval()
    )  # fmt: skip


def _load_conditioner(folder: Path, autoencoder: Autoencoder) -> Conditioner:
    plain = "conditioner" not in read_description(folder)
    part = _part(folder, "text_encoder" if plain else "conditioner")
    tokenizer = _tokenizer(folder) if plain or (folder / "tokenizer.json").exists() else None
    try:
        about = Description("text" if plain else part["kind"], part["arguments"])
        with weightless():
            made = build_conditioner(about.kind, about.arguments, tokenizer=tokenizer, first_stage=autoencoder.encode)
    except UNUSABLE as error:
        raise _malformed(folder, "text encoder" if plain else "conditioner", error) from error
    if plain:
        load_into(expect(made, TextEncoder, "model").transformer, folder / "text_encoder.safetensors")
    elif made.state_dict():
        load_into(made, folder / "conditioner.safetensors")
    return made


def read_description(folder: Path) -> dict[str, Any]:
    """Read model.json.

    Raises:
        ModelFileError: It is missing, not JSON, or of another format or a newer version.
    """
    file = folder / "model.json"
    try:
        description = json.loads(file.read_text("utf-8")) if file.stat().st_size <= LIMIT else None
    except (OSError, ValueError, RecursionError) as error:
        raise ModelFileError(
            f"The model folder {folder.name} cannot be read.", why=f"{file}: {error}.", fix="Install the model again."
        ) from error
    if (
        not isinstance(description, dict)
        or description.get("format") != FORMAT
        or description.get("version") != VERSION
    ):
        raise ModelFileError(
            f"The model folder {folder.name} is of a kind that this version does not know.",
            why=f'model.json must say "format": "{FORMAT}" and "version": {VERSION}.',
            fix="Update the program, or choose another model.",
        )
    return description


def _sharing(folder: Path, name: object, space: object) -> Path:
    """Return the folder of the installed model `name`, whose own autoencoder has this latent space."""
    holder = folders().get(name) if isinstance(name, str) else None
    if holder is None:
        raise ModelFileError(
            f"The autoencoder of {folder.name} is missing.",
            why=f"It is that of the model {name!r}, which is not installed.",
            fix=f"Install {name} as well: python main.py models PATH --install {name}",
        )
    other = _part(holder, "autoencoder")
    if "model" in other or other.get("space") != space:
        # The scale in a space was measured on its own autoencoder's latents, so that it tells autoencoders apart.
        raise ModelFileError(
            f"The autoencoder of {name} cannot serve {folder.name}.",
            why=f"{folder.name} was trained in the latent space {space}, not in {other.get('space')}."
            if "model" not in other else f"{name} has none of its own: it shares that of {other['model']!r}.",
            fix=f"Install the {name} that belongs to {folder.name}, or train {folder.name} in its latents.",
        )  # fmt: skip
    return holder


def _part(folder: Path, name: str) -> dict[str, Any]:
    part = read_description(folder).get(name)
    if not isinstance(part, dict):
        raise ModelFileError(
            f"The model {folder.name} has no {name.replace('_', ' ')}.",
            why="model.json does not describe one.",
            fix="Choose a model that has all parts.",
        )
    return part


def _tokenizer(folder: Path) -> Tokenizer:
    file = folder / "tokenizer.json"
    try:
        # From a buffer, because only this way of reading raises a ValueError for a damaged file.
        tokenizer = Tokenizer.from_buffer(file.read_bytes())
        if None in (tokenizer.token_to_id(START), tokenizer.token_to_id(END)):
            raise ValueError(f"it has no {START} or no {END}")
        return tokenizer
    except (OSError, ValueError) as error:
        raise ModelFileError(
            f"The tokenizer of {folder.name} cannot be read.", why=f"{file}: {error}.", fix="Install the model again."
        ) from error


def _record(folder: Path, name: str, part: dict[str, Any] | None) -> None:
    """Describe a part of a model in model.json; None = there is none."""
    exists = (folder / "model.json").exists()
    description = read_description(folder) if exists else {"format": FORMAT, "version": VERSION}
    description.pop(name, None)
    if part is not None:
        description[name] = part
    aside = folder / "model.json.part"
    aside.write_text(json.dumps(description, indent=1) + "\n", "utf-8")
    aside.replace(folder / "model.json")


def _save(module: nn.Module, path: Path, dtype: torch.dtype) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {
        name: (tensor.to(dtype) if tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in module.state_dict().items()
    }
    aside = path.with_suffix(".part")
    save_file(tensors, aside)
    aside.replace(path)


def _malformed(folder: Path, name: str, error: Exception) -> ModelFileError:
    return ModelFileError(
        f"The description of the {name} in {folder.name} cannot be used.",
        why=f"{error}.",
        fix="Install the model again.",
    )
