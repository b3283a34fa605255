"""Conditioners by name, as configurations and model folders give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core.conditioning.class_label import ClassEmbedder
from core.conditioning.conditioner import Conditioner
from core.conditioning.inpainting import Encode, Inpainting
from core.conditioning.layout_encoder import LayoutEncoder
from core.conditioning.layout_tokens import LayoutTokens
from core.conditioning.noisy_low_resolution import ImageConcatWithNoiseAugmentation
from core.conditioning.spatial import LowResolution, SpatialRescaler
from core.conditioning.text import TextEncoder
from core.conditioning.unconditional import Unconditional
from core.models.text_transformer import BERTEmbedder

if TYPE_CHECKING:
    from tokenizers import Tokenizer

KINDS = ("none", "text", "class", "layout", "semantic_map", "low_resolution", "noisy_low_resolution", "inpainting")


def build_conditioner(
    kind: str, arguments: Mapping[str, Any], *, tokenizer: Tokenizer | None = None, first_stage: Encode | None = None
) -> Conditioner:
    """Return a conditioner with fresh weights.

    Args:
        kind: One of `KINDS`.
        arguments: Those of the class that the kind stands for; of a text, those of its `BERTEmbedder`; of a layout,
            "transformer" and "format" with those of `BERTEmbedder` and `LayoutTokens`, and "classes".
        tokenizer: Reads the text; needed by "text" alone.
        first_stage: Encodes the masked picture; needed by "inpainting" alone.

    Raises:
        ValueError: There is no such kind, or what it needs is missing.
    """
    if kind == "text" and tokenizer is not None:
        return TextEncoder(tokenizer, BERTEmbedder(**arguments))
    if kind == "inpainting" and first_stage is not None:
        return Inpainting(first_stage, **arguments)
    if kind == "layout":
        network, form = BERTEmbedder(**arguments["transformer"]), LayoutTokens(**arguments["format"])
        return LayoutEncoder(network, form, arguments.get("classes", ()))
    simple: dict[str, type[Conditioner]] = {
        "none": Unconditional,
        "class": ClassEmbedder,
        "semantic_map": SpatialRescaler,
        "low_resolution": LowResolution,
        "noisy_low_resolution": ImageConcatWithNoiseAugmentation,
    }
    if kind in simple:
        return simple[kind](**arguments)
    if kind in KINDS:
        raise ValueError(f"A {kind} conditioner needs a {'tokenizer' if kind == 'text' else 'first stage'}.")
    raise ValueError(f"Unknown conditioner {kind!r}; known are {', '.join(KINDS)}.")
