"""Conditioners by name, as configurations and model folders give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core.conditioning.class_label import ClassEmbedder
from core.conditioning.clip import ClipTextEncoder
from core.conditioning.conditioner import Conditioner, ItemConditioner
from core.conditioning.inpainting import Encode, Inpainting
from core.conditioning.layout_encoder import LayoutEncoder
from core.conditioning.layout_tokens import LayoutTokens
from core.conditioning.mixed import MixedConditioner
from core.conditioning.noisy_low_resolution import ImageConcatWithNoiseAugmentation
from core.conditioning.sdxl import SdxlTextEncoder
from core.conditioning.spatial import LowResolution, SpatialRescaler
from core.conditioning.text import TextEncoder
from core.conditioning.unconditional import Unconditional
from core.models.clip_text import ClipTextConfig, ClipTextTransformer
from core.models.text_map import TextMap
from core.models.text_transformer import BERTEmbedder

if TYPE_CHECKING:
    from tokenizers import Tokenizer

FROZEN, MIXED = ("clip", "sdxl"), "mixed"
"""Kinds that are published with weights of their own, and the kind that consists of others."""
KINDS = ("none", "text", "class", "layout", "semantic_map", "low_resolution", "noisy_low_resolution", "inpainting")


def build_conditioner(
    kind: str, arguments: Mapping[str, Any], *, tokenizer: Tokenizer | None = None, first_stage: Encode | None = None
) -> Conditioner:
    """Return a conditioner with fresh weights.

    Args:
        kind: One of `KINDS` or `FROZEN`; or `MIXED`, where `arguments` gives each part's "kind" and "arguments".
        arguments: As for `build_item_conditioner`.
        tokenizer, first_stage: As for `build_item_conditioner`.

    Raises:
        ValueError: There is no such kind, or what it needs is missing.
    """
    if kind != MIXED:
        return build_item_conditioner(kind, arguments, tokenizer=tokenizer, first_stage=first_stage)
    return MixedConditioner(
        {
            name: build_item_conditioner(part["kind"], part["arguments"], tokenizer=tokenizer, first_stage=first_stage)
            for name, part in arguments.items()
        }
    )


def build_item_conditioner(
    kind: str, arguments: Mapping[str, Any], *, tokenizer: Tokenizer | None = None, first_stage: Encode | None = None
) -> ItemConditioner:
    """Return a conditioner for one kind of items, with fresh weights.

    Args:
        kind: One of `KINDS` or `FROZEN`.
        arguments: Those of the class that the kind stands for; of a text, those of its `BERTEmbedder`, "pooled",
            and "map" with those of `TextMap` but the width;
            of a layout, "transformer" and "format" with those of `BERTEmbedder` and `LayoutTokens`, "classes"
            and "map_size"; instead of CLIP's transformers, those of their `ClipTextConfig`.
        tokenizer: Reads the text; needed by "text" alone.
        first_stage: Encodes the masked picture; needed by "inpainting" alone.

    Raises:
        ValueError: There is no such kind, or what it needs is missing.
    """
    if kind == "text" and tokenizer is not None:
        sizes = {name: value for name, value in arguments.items() if name not in ("pooled", "map")}
        network, about = BERTEmbedder(**sizes), arguments.get("map")
        text_map = TextMap(network.n_embed, about["channels"], tuple(about["size"])) if about else None
        return TextEncoder(tokenizer, network, pooled=arguments.get("pooled", True), map=text_map)
    if kind == "inpainting" and first_stage is not None:
        return Inpainting(first_stage, **arguments)
    if kind == "layout":
        network, form = BERTEmbedder(**arguments["transformer"]), LayoutTokens(**arguments["format"])
        size = arguments.get("map_size")
        return LayoutEncoder(network, form, arguments.get("classes", ()), tuple(size) if size else None)
    if kind in FROZEN:
        return _clip(kind, arguments)
    simple: dict[str, type[ItemConditioner]] = {
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


def _clip(kind: str, arguments: Mapping[str, Any]) -> ItemConditioner:
    def network(name: str) -> ClipTextTransformer:
        return ClipTextTransformer(ClipTextConfig(**arguments[name]))

    if kind == "sdxl":
        return SdxlTextEncoder(network("first"), network("second"))
    settings = {name: value for name, value in arguments.items() if name != "transformer"}
    return ClipTextEncoder(network("transformer"), **settings)
