"""The networks inside a file of weights, each under the names of this project's own modules.

A single file holds several networks behind prefixes; a file of a diffusers folder holds one, under other names. Either
way a `Part` tells the shapes from the header, and maps the tensors when they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from core.checkpoints import autoencoder_names, text_names, unet_names
from core.checkpoints.links import Links
from core.checkpoints.safetensors_file import damaged
from core.checkpoints.weight_file import WeightFile

if TYPE_CHECKING:
    from torch import Tensor

UNET, FIRST_STAGE = "model.diffusion_model.", "first_stage_model."
TEXT, SDXL_TEXTS = "cond_stage_model.", "conditioner.embedders."
EMA = "model_ema."
# Numbers that transformers once stored with the weights, and OpenCLIP's for comparing with pictures.
_UNUSED = ("position_ids", "logit_scale")


class Kind(StrEnum):
    """What a part is."""

    UNET = "UNet"
    AUTOENCODER = "autoencoder"
    CLIP = "CLIP text encoder"
    BERT = "text transformer"
    CLASSES = "class embedder"
    RESCALER = "spatial rescaler"


@dataclass(frozen=True)
class Part:
    """One network's weights in a file.

    Attributes:
        kind: What it is.
        file: Where it lies.
        names: Its weights: their names without the prefix, and in the file.
        prefix: What stands before the names in the file.
        links: How the names in the file and the module's are linked, if they are not the same.
        compvis_in_file: Which side of the links is the file's.
    """

    kind: Kind
    file: WeightFile
    names: Mapping[str, str]
    prefix: str = ""
    links: Links | None = None
    compvis_in_file: bool = False

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shapes by the module's names, from the header.

        Raises:
            ModelFileError: Some shape is none that its place allows.
        """
        shapes = {name: self.file.entries[whole].shape for name, whole in self.names.items()}
        if self.links is None:
            return shapes
        try:
            renamed = (self.links.diffusers_shapes if self.compvis_in_file else self.links.compvis_shapes)(shapes)
        except (IndexError, KeyError) as error:
            raise damaged(self.file.path, f"the {self.kind} lacks a weight or has one of an odd shape") from error
        return renamed | {name: shapes[name] for name in self.links.unknown}

    def tensors(self) -> dict[str, Tensor]:
        """Return the weights by the module's names, mapped."""
        mapped = self.file.tensors(self.names.values())
        tensors = {name: mapped[whole] for name, whole in self.names.items()}
        if self.links is None:
            return tensors
        renamed = (self.links.to_diffusers if self.compvis_in_file else self.links.to_compvis)(tensors)
        return renamed | {name: tensors[name] for name in self.links.unknown}


def parts_of(file: WeightFile, *, ema: bool = True) -> dict[str, Part]:
    """Find the networks of a file, by role: "unet", "autoencoder", "text", "text_2".

    Args:
        file: A single file, or one file of a diffusers folder.
        ema: Take the averaged weights of the denoiser where the file has them ("model_ema").
    """
    names = file.entries.keys()
    if any(name.startswith((UNET, FIRST_STAGE, TEXT, SDXL_TEXTS)) for name in names):
        return _parts_of_single_file(file, ema=ema)
    for role, part in (("autoencoder", _bare_autoencoder(file)), ("unet", _bare_unet(file))):
        if part is not None:
            return {role: part}
    text = _text(file, "")
    return {} if text is None else {"text": text}


def _parts_of_single_file(file: WeightFile, *, ema: bool) -> dict[str, Part]:
    found = {
        "unet": _unet(file, UNET, ema=ema),
        "autoencoder": _first_stage(file, FIRST_STAGE),
        "text": _text(file, TEXT) or _text(file, f"{SDXL_TEXTS}0."),
        "text_2": _text(file, f"{SDXL_TEXTS}1."),
    }
    return {role: part for role, part in found.items() if part is not None}


def ema_name(name: str, known: Collection[str]) -> str | None:
    """Return the name of a weight's average, "model_ema." and its name in the model without dots, if it is known."""
    averaged = EMA + name.removeprefix("model.").replace(".", "")
    return averaged if averaged in known else None


def _unet(file: WeightFile, prefix: str, *, ema: bool) -> Part | None:
    names = _within(file, prefix)
    if "time_embed.0.weight" not in names:
        return None
    if ema:
        names = {name: ema_name(whole, file.entries.keys()) or whole for name, whole in names.items()}
    return Part(Kind.UNET, file, names, prefix)


def _first_stage(file: WeightFile, prefix: str) -> Part | None:
    # Losses are trained beside a first stage and stored with it.
    names = {n: whole for n, whole in _within(file, prefix).items() if not n.startswith(("loss.", EMA))}
    return Part(Kind.AUTOENCODER, file, names, prefix) if "encoder.conv_in.weight" in names else None


def _text(file: WeightFile, prefix: str) -> Part | None:
    names = {n: whole for n, whole in _within(file, prefix).items() if not n.endswith(_UNUSED)}
    if "transformer.token_emb.weight" in names:
        return Part(Kind.BERT, file, names, prefix)
    if "embedding.weight" in names:
        return Part(Kind.CLASSES, file, names, prefix)
    if prefix and set(names) <= {"channel_mapper.weight", "channel_mapper.bias"} and names:
        return Part(Kind.RESCALER, file, names, prefix)
    for inner in ("transformer.", ""):
        stripped = _within(file, prefix + inner, skip=_UNUSED)
        given = text_names.whole_names(stripped)
        if "text_model.final_layer_norm.weight" in given:
            return Part(Kind.CLIP, file, {name: stripped[own] for name, own in given.items()}, prefix + inner)
    for inner in ("model.", ""):
        if f"{inner}transformer.resblocks.0.ln_1.weight" in names:
            stripped = _within(file, prefix + inner, skip=_UNUSED)
            links = text_names.links_from_openclip(stripped)
            return Part(Kind.CLIP, file, stripped, prefix + inner, links, compvis_in_file=True)
    return None


def _bare_autoencoder(file: WeightFile) -> Part | None:
    if any(name.startswith("encoder.down.") for name in file.entries):
        return _first_stage(file, "")
    if any(name.startswith("encoder.down_blocks.") for name in file.entries):
        return _linked(Kind.AUTOENCODER, file, autoencoder_names.links_from_diffusers)
    return None


def _bare_unet(file: WeightFile) -> Part | None:
    if "time_embed.0.weight" in file.entries:
        return _unet(file, "", ema=False)
    if "time_embedding.linear_1.weight" in file.entries:
        return _linked(Kind.UNET, file, unet_names.links_from_diffusers)
    return None


def _linked(kind: Kind, file: WeightFile, links_of: Callable[[Collection[str]], Links]) -> Part:
    # What is unknown stays among the names, so that the comparison with the module tells of it.
    return Part(kind, file, {name: name for name in file.entries}, "", links_of(file.entries.keys()))


def _within(file: WeightFile, prefix: str, skip: tuple[str, ...] = ()) -> dict[str, str]:
    names = (name for name in file.entries if name.startswith(prefix) and not (skip and name.endswith(skip)))
    return {name.removeprefix(prefix): name for name in names}
