"""Converting a whole model between a single file (CompVis names) and a diffusers folder.

Only names and layouts change. What a folder has no place for (tables of the schedule, averaged weights, the last layer
of Stable Diffusion 2's text encoder) is kept beside it, so that going there and back gives the same file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from safetensors.torch import save_file
from torch import Tensor

from core.checkpoints import autoencoder_names, diffusers_config, text_names, unet_names
from core.checkpoints.links import Links
from core.checkpoints.parts import FIRST_STAGE, SDXL_TEXTS, TEXT, UNET
from core.checkpoints.source import weights_in
from core.checkpoints.weight_file import open_weights
from core.errors import InputError

State = dict[str, Tensor]
REST = "single_file_rest.safetensors"
# The text encoder of Stable Diffusion 2, whose last layer its conditioning does not use, and its width.
_OPENCLIP_H_WIDTH, _OPENCLIP_H_USED = 1024, 23


@dataclass(frozen=True)
class Folder:
    """A diffusers folder's weights.

    Attributes:
        parts: "unet", "vae", "text_encoder" and "text_encoder_2", as far as there are: their weights.
        rest: What the single file also had, under its own names.
    """

    parts: Mapping[str, State]
    rest: State


def to_folder(single: Mapping[str, Tensor]) -> Folder:
    """Rename a single file's weights for a diffusers folder; the tensors are views of those given."""
    parts: dict[str, State] = {}
    used: set[str] = set()

    def take(part: str, prefix: str, links: Links, tensors: Mapping[str, Tensor]) -> None:
        if links.found:
            parts[part] = links.to_diffusers(tensors)
            used.update(prefix + link.compvis for link in links.found)

    def copy(part: str, prefix: str) -> None:
        tensors = {n: t for n, t in _within(single, prefix).items() if not n.endswith("position_ids")}
        if tensors:
            parts[part] = tensors
            used.update(prefix + name for name in tensors)

    for part, prefix, links_of in (
        ("unet", UNET, unet_names.links_from_compvis),
        ("vae", FIRST_STAGE, autoencoder_names.links_from_compvis),
    ):
        inner = _within(single, prefix)
        take(part, prefix, links_of(inner.keys()), inner)
    copy("text_encoder", f"{TEXT}transformer.")
    copy("text_encoder", f"{SDXL_TEXTS}0.transformer.")
    for part, prefix in (("text_encoder", f"{TEXT}model."), ("text_encoder_2", f"{SDXL_TEXTS}1.model.")):
        inner = _within(single, prefix)
        layers = _OPENCLIP_H_USED if part == "text_encoder" else None
        take(part, prefix, text_names.links_from_openclip(inner.keys(), layers), inner)
    return Folder(parts, {name: tensor for name, tensor in single.items() if name not in used})


def to_single_file(folder: Folder) -> State:
    """Rename a diffusers folder's weights for a single file, and add what it was given beside them."""
    xl = "text_encoder_2" in folder.parts
    single: State = {}
    for part, tensors in folder.parts.items():
        if part == "unet":
            single |= _prefixed(UNET, unet_names.links_from_diffusers(tensors.keys()), tensors)
        elif part == "vae":
            single |= _prefixed(FIRST_STAGE, autoencoder_names.links_from_diffusers(tensors.keys()), tensors)
        elif part == "text_encoder_2" or _is_openclip(tensors):
            prefix = f"{SDXL_TEXTS}1.model." if xl else f"{TEXT}model."
            whole = {name: tensors[own] for name, own in text_names.whole_names(tensors.keys()).items()}
            single |= _prefixed(prefix, text_names.links_from_transformers(whole.keys()), whole)
        else:
            prefix = f"{SDXL_TEXTS}0.transformer." if xl else f"{TEXT}transformer."
            names = text_names.whole_names(tensors.keys())
            single |= {prefix + name: tensors[own] for name, own in names.items()}
    return single | folder.rest


def _within(single: Mapping[str, Tensor], prefix: str) -> State:
    return {name.removeprefix(prefix): tensor for name, tensor in single.items() if name.startswith(prefix)}


def _prefixed(prefix: str, links: Links, tensors: Mapping[str, Tensor]) -> State:
    if links.unknown:
        raise _unconvertible(f"{links.unknown[0]} has no counterpart in a single file")
    return {prefix + name: tensor for name, tensor in links.to_compvis(tensors).items()}


def _is_openclip(tensors: Mapping[str, Tensor]) -> bool:
    norm = text_names.whole_names(tensors.keys()).get("text_model.final_layer_norm.weight")
    return norm is not None and tensors[norm].shape[0] == _OPENCLIP_H_WIDTH


def write_folder(single_file: Path, folder: Path) -> None:
    """Convert a single file to a diffusers folder with its configurations; only one part is in memory at a time.

    Raises:
        ModelFileError: The file is missing or damaged, or holds no model that is known.
        InputError: Its UNet has layers that diffusers' has not.
    """
    file = open_weights(single_file)
    converted = to_folder(file.tensors(file.entries))
    stuck = sorted(name for name in converted.rest if name.startswith((UNET, FIRST_STAGE)))
    if "unet" not in converted.parts and not stuck:
        raise InputError(
            f"{single_file.name} cannot be converted.",
            why=f"It holds no UNet under a published name; its first weight is {min(file.entries, default='-')}.",
            fix="Choose a whole model, such as a Stable Diffusion checkpoint.",
        )
    if stuck:
        raise _unconvertible(f"{stuck[0]} has no place in a diffusers folder")
    configurations = diffusers_config.configurations(single_file)
    for part, tensors in converted.parts.items():
        stem = "model" if part.startswith("text") else "diffusion_pytorch_model"
        _save(tensors, folder / part / f"{stem}.safetensors")
    if converted.rest:
        _save(converted.rest, folder / REST)
    for name, configuration in configurations.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(configuration, indent=2) + "\n", "utf-8")


def write_single_file(folder: Path, single_file: Path) -> None:
    """Convert a diffusers folder to a single file.

    Raises:
        ModelFileError: The folder is incomplete or damaged.
        InputError: Its UNet or autoencoder has layers that CompVis' has not.
    """
    parts: dict[str, State] = {}
    for name in ("unet", "vae", "text_encoder", "text_encoder_2"):
        if (folder / name).is_dir():
            file = open_weights(weights_in(folder / name))
            parts[name] = file.tensors(file.entries)
    rest: State = {}
    if (folder / REST).is_file():
        file = open_weights(folder / REST)
        rest = file.tensors(file.entries)
    _save(to_single_file(Folder(parts, rest)), single_file)


def _save(tensors: Mapping[str, Tensor], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.part")
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, aside, metadata={"format": "pt"})
    aside.replace(path)


def _unconvertible(detail: str) -> InputError:
    return InputError(
        "This model cannot be converted.",
        why=f"Not every weight has a counterpart: {detail}.",
        fix="Use it in the format that it has; the program reads both.",
    )
