"""What a file or folder of weights is, told from its header alone and without torch: for people and scripts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from core.checkpoints.config_file import config_beside
from core.checkpoints.lora_file import is_lora, likely_base, lora_of, role_of
from core.checkpoints.parts import EMA, parts_of
from core.checkpoints.prediction import KnownPrediction, prediction_of
from core.checkpoints.safetensors_file import TensorEntry
from core.checkpoints.source import ModelSource, folder_of, open_model
from core.checkpoints.structure import patch_size
from core.checkpoints.weight_file import WeightFile, open_weights
from core.checkpoints.zoo import STABLE_DIFFUSION_2
from core.errors import ModelFileError

Details = dict[str, str | int | list[int]]
_ROLE_WORDS = {"unet": "UNet", "text": "text encoder", "text_2": "second text encoder"}
_FIRST_STAGE = "autoencoder"


@dataclass(frozen=True)
class PartDescription:
    """One network of a file.

    Attributes:
        what: What it is.
        tensors, parameters, bytes: How many.
        dtypes: Precisions that occur, the most frequent first.
    """

    what: str
    tensors: int
    parameters: int
    bytes: int
    dtypes: tuple[str, ...]


@dataclass(frozen=True)
class ModelDescription:
    """What a file or folder holds.

    Attributes:
        path: Where it lies.
        kind: "checkpoint", "autoencoder", "UNet", "text encoder", "diffusers folder", "LoRA" or "weights".
        family: The published model that it is or belongs to; "" = none that is known.
        parts: Its networks, by role.
        details: Further facts by name, in the order in which people want them.
        notes: What the writer noted about the file.
    """

    path: Path
    kind: str
    family: str
    parts: dict[str, PartDescription]
    details: Details = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def parameters(self) -> int:
        """Numbers in all parts together."""
        return sum(part.parameters for part in self.parts.values())


def describe(path: Path) -> ModelDescription:
    """Say what a file of weights or a diffusers folder is.

    Raises:
        ModelFileError: It is missing or damaged, or no file of weights.
    """
    if folder_of(path) is not None:
        return _describe_model(open_model(path), "diffusers folder")
    file = open_weights(path)
    if is_lora(file.entries):
        return _describe_lora(file)
    parts = parts_of(file, ema=False)
    if not parts:
        notes = dict(file.notes)
        return ModelDescription(
            path, "weights", "", {"weights": _described("weights", file.entries.values())}, {}, notes
        )
    source = ModelSource(path, parts, config_beside(path))
    only = next(iter(parts.values())).kind if len(parts) == 1 else None
    return _describe_model(source, str(only) if only else "checkpoint")


def _describe_model(source: ModelSource, kind: str) -> ModelDescription:
    parts = {
        role: _described(str(part.kind), (part.file.entries[name] for name in part.names.values()))
        for role, part in source.parts.items()
    }
    ema = [entry for name, entry in source.file.entries.items() if name.startswith(EMA)]
    if ema:
        parts["ema"] = _described("averaged weights", ema)
    family = source.family
    details = _unet_details(source) | _autoencoder_details(source)
    if family is not None:
        # Stable Diffusion 2 predicts v where it was trained further at 768 pixels.
        larger = family.name == STABLE_DIFFUSION_2 and details.get("prediction") == "v"
        details["resolution"] = 768 if larger else family.resolution
    if source.config.path is not None:
        details["configuration"] = source.config.path.name
    name = family.name if family else ""
    if family is not None and (details.get("input channels") == 9):
        name += " inpainting"
    return ModelDescription(source.path, kind, name, parts, details, dict(source.file.notes))


def _unet_details(source: ModelSource) -> Details:
    try:
        arguments = source.unet_arguments
    except ModelFileError:
        return {"structure": "unknown"}
    if arguments is None:
        return {}
    known = _prediction(source, arguments["in_channels"])
    sure = "" if known.certain else ", a guess"
    details: Details = {
        "prediction": known.kind,
        "prediction known from": known.source + sure,
        "input channels": arguments["in_channels"],
        "latent channels": arguments["out_channels"],
        "width": arguments["model_channels"],
        "multipliers": arguments["channel_mult"],
    }
    if arguments.get("context_dim"):
        details["context"] = arguments["context_dim"]
    if arguments.get("num_classes"):
        details["classes"] = arguments["num_classes"]
    return details


def _prediction(source: ModelSource, inputs: int) -> KnownPrediction:
    scheduler = source.settings.get("scheduler")
    return prediction_of(source.file, source.config, source.family, inputs, scheduler, header_only=True)


def _autoencoder_details(source: ModelSource) -> Details:
    part = source.parts.get(_FIRST_STAGE)
    if part is None:
        return {}
    shapes = part.shapes()
    levels = len({name.split(".")[2] for name in shapes if name.startswith("encoder.down.")})
    patch = patch_size(shapes)
    details: Details = {"factor": patch * 2 ** max(0, levels - 1)}
    if "quantize.embedding.weight" in shapes:
        details["codebook"] = shapes["quantize.embedding.weight"][0]
    return details


def _describe_lora(file: WeightFile) -> ModelDescription:
    lora = lora_of(file)
    parts = {}
    for role in lora.roles:
        named = (name for layer, names in lora.layers.items() if role_of(layer)[0] == role for name in names.values())
        parts[role] = _described(_ROLE_WORDS[role], (file.entries[name] for name in named))
    details: Details = {"rank": list(lora.ranks), "layers": len(lora.layers)}
    return ModelDescription(file.path, "LoRA", likely_base(lora), parts, details, dict(file.notes))


def _described(what: str, entries: Iterable[TensorEntry]) -> PartDescription:
    listed = list(entries)
    kinds: Counter[str] = Counter()
    for entry in listed:
        kinds[entry.dtype] += entry.bytes
    return PartDescription(
        what,
        len(listed),
        sum(entry.count for entry in listed),
        sum(entry.bytes for entry in listed),
        tuple(kind for kind, _ in kinds.most_common()),
    )
