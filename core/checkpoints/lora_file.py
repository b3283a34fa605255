"""Reading LoRA files: which layers they change, and the tensors of each.

Two spellings are public: kohya's ("lora_unet_down_blocks_0_....lora_down.weight") and that of diffusers and peft
("unet.down_blocks.0.....lora_A.weight"), with some earlier forms.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.checkpoints.weight_file import WeightFile, open_weights
from core.errors import ModelFileError

_DOWN = r"(?:lora_down|lora_A|lora_A\.default|lora\.down|lora_linear_layer\.down)"
_UP = r"(?:lora_up|lora_B|lora_B\.default|lora\.up|lora_linear_layer\.up)"
_PARTS = {
    "down": re.compile(rf"(.+)\.{_DOWN}\.weight"),
    "up": re.compile(rf"(.+)\.{_UP}\.weight"),
    "mid": re.compile(r"(.+)\.lora_mid\.weight"),
    "alpha": re.compile(r"(.+)\.alpha"),
}
# Attention processors of early diffusers: "attn1.processor.to_q_lora.down.weight".
_PROCESSOR = re.compile(r"(.+)\.processor\.(to_[qkv]|to_out)_lora\.(down|up)\.weight")
_OTHER_KINDS = {"hada_": "LoHa", "lokr_": "LoKr", "dora_scale": "DoRA", "oft_": "OFT", "diff_b": "full difference"}
_ROLES = {
    "unet": ("lora_unet_", "unet."),
    "text": ("lora_te_", "lora_te1_", "text_encoder."),
    "text_2": ("lora_te2_", "text_encoder_2."),
}


@dataclass(frozen=True)
class LoraFile:
    """An opened LoRA.

    Attributes:
        file: Its weights.
        layers: By the layer's name as the file spells it: the names of its tensors "down", "up", "mid" and "alpha".
    """

    file: WeightFile
    layers: Mapping[str, Mapping[str, str]]

    @property
    def ranks(self) -> tuple[int, ...]:
        """The ranks r that occur, ascending."""
        return tuple(sorted({self.file.entries[layer["down"]].shape[0] for layer in self.layers.values()}))

    @property
    def roles(self) -> tuple[str, ...]:
        """The networks that it changes: "unet", "text", "text_2"."""
        found = {role_of(layer)[0] for layer in self.layers}
        return tuple(role for role in _ROLES if role in found)


def is_lora(names: Iterable[str]) -> bool:
    """Whether tensors of these names are a LoRA, or one of its relatives."""
    return any("lora_" in name or "_lora." in name or ".lora." in name or _other_kind(name) for name in names)


def open_lora(path: Path) -> LoraFile:
    """Open a LoRA; only its header is read.

    Raises:
        ModelFileError: The file is damaged, or no LoRA that this program can apply.
    """
    return lora_of(open_weights(path))


def lora_of(file: WeightFile) -> LoraFile:
    """Sort the tensors of a LoRA by layer.

    Raises:
        ModelFileError: It is no LoRA that this program can apply.
    """
    path = file.path
    layers: dict[str, dict[str, str]] = {}
    for name in file.entries:
        if kind := _other_kind(name):
            raise ModelFileError(
                f"{path.name} is of the kind {kind}, which cannot be applied.",
                why=f"It holds {name}; this program applies LoRA for linear layers and convolutions.",
                fix="Use a version of it that was saved as LoRA.",
            )
        if placed := _placed(name):
            layer, part = placed
            layers.setdefault(layer, {})[part] = name
    for layer, parts in layers.items():
        if "down" not in parts or "up" not in parts or not _fits(file, parts):
            raise not_a_lora(path, f"the two matrices of {layer} are missing or do not fit together")
    if not layers:
        raise not_a_lora(path, "it holds no pair of low-rank matrices")
    return LoraFile(file, layers)


def _other_kind(name: str) -> str | None:
    return next((kind for mark, kind in _OTHER_KINDS.items() if f".{mark}" in name), None)


def _placed(name: str) -> tuple[str, str] | None:
    """Split a tensor's name into its layer and what it is there."""
    if found := _PROCESSOR.fullmatch(name):
        place = "to_out.0" if found[2] == "to_out" else found[2]
        return f"{found[1]}.{place}", found[3]
    for part, pattern in _PARTS.items():
        if found := pattern.fullmatch(name):
            return found[1].removeprefix("base_model.model."), part
    return None


def _fits(file: WeightFile, parts: Mapping[str, str]) -> bool:
    down, up = (file.entries[parts[part]].shape for part in ("down", "up"))
    paired = len(down) in (2, 4) and len(up) == len(down) and up[1] == down[0] > 0 and math.prod(up[2:]) == 1
    mid = file.entries[parts["mid"]].shape if "mid" in parts else None
    joined = mid is None or (len(mid) == len(down) == 4 and mid[0] == mid[1] == down[0] and math.prod(down[2:]) == 1)
    return paired and joined and ("alpha" not in parts or file.entries[parts["alpha"]].count == 1)


def role_of(layer: str) -> tuple[str, str]:
    """Split a layer's name into the network that it belongs to and its place there."""
    for role, prefixes in _ROLES.items():
        for prefix in prefixes:
            if layer.startswith(prefix):
                return role, layer.removeprefix(prefix)
    return "unet", layer


def likely_base(lora: LoraFile) -> str:
    """Guess for people which family of models a LoRA was made for, by the widths that it reads."""
    widths = {
        lora.file.entries[parts["down"]].shape[1]
        for layer, parts in lora.layers.items()
        if "attn2" in layer and layer.endswith(("to_k", "to_v"))
    }
    if "text_2" in lora.roles or 2048 in widths:
        return "Stable Diffusion XL"
    known = {768: "Stable Diffusion 1", 1024: "Stable Diffusion 2", 1280: "LDM text-to-image 1.4B"}
    return next((known[width] for width in widths if width in known), "the model that it was trained on")


def not_a_lora(path: Path, detail: str) -> ModelFileError:
    """Return the error for a file that cannot be applied; `detail` continues "on reading it, ..."."""
    return ModelFileError(
        f"{path.name} is no LoRA that can be applied.", why=f"On reading {path}, {detail}.", fix="Choose a LoRA file."
    )
