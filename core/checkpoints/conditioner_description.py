"""What a model folder says of a conditioner: its kind and the arguments that build it again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, TypeVar, cast

from core.conditioning.build import MIXED
from core.conditioning.class_label import ClassEmbedder
from core.conditioning.clip import ClipTextEncoder
from core.conditioning.conditioner import Conditioner
from core.conditioning.inpainting import Inpainting
from core.conditioning.layout_encoder import LayoutEncoder
from core.conditioning.mixed import MixedConditioner
from core.conditioning.noisy_low_resolution import SCHEDULE_NAMES, ImageConcatWithNoiseAugmentation
from core.conditioning.sdxl import SdxlTextEncoder
from core.conditioning.spatial import LowResolution, SpatialRescaler
from core.conditioning.text import TextEncoder
from core.conditioning.unconditional import Unconditional
from core.models.text_transformer import BERTEmbedder

AnyConditioner = TypeVar("AnyConditioner", bound=Conditioner)
Arguments = dict[str, Any]


@dataclass(frozen=True)
class Description:
    """The kind and the arguments of `core.conditioning.build.build_conditioner`; plain values, for JSON."""

    kind: str
    arguments: Arguments


def describe(conditioner: Conditioner) -> Description:
    """Describe a conditioner so that it can be built again; its weights and its tokenizer are kept elsewhere.

    Raises:
        TypeError: It is of a kind that model folders do not hold.
    """
    if isinstance(conditioner, MixedConditioner):
        parts = {name: asdict(describe(cast(Conditioner, part))) for name, part in conditioner.parts.items()}
        return Description(MIXED, parts)
    for kind, (cls, arguments) in _KINDS.items():
        if type(conditioner) is cls:
            return Description(kind, arguments(conditioner))
    raise TypeError(f"{type(conditioner).__name__} has no place in a model folder.")


def text_arguments(text: TextEncoder) -> Arguments:
    """Return the arguments of a text encoder; a pooled one, the usual kind, does not say so."""
    about: Arguments = _sizes(text.transformer) | ({} if text.pooled else {"pooled": False})
    return about if text.map is None else {**about, "map": {"channels": text.map.channels, "size": list(text.map.size)}}


def _sizes(network: BERTEmbedder) -> Arguments:
    depth = len(network.transformer.attn_layers.layers) // 2
    return {
        "n_embed": network.n_embed,
        "n_layer": depth,
        "vocab_size": network.vocab_size,
        "max_seq_len": network.max_seq_len,
    }


def _class(embedder: ClassEmbedder) -> Arguments:
    return {
        "embed_dim": embedder.embedding.embedding_dim, "n_classes": embedder.n_classes, "key": embedder.key,
        "ucg_rate": embedder.ucg_rate, "names": list(embedder.names),
    }  # fmt: skip


def _layout(encoder: LayoutEncoder) -> Arguments:
    described: Arguments = {
        "transformer": _sizes(encoder.transformer), "format": asdict(encoder.format), "classes": list(encoder.classes)
    }  # fmt: skip
    return described if encoder.map_size is None else {**described, "map_size": list(encoder.map_size)}


def _map(rescaler: SpatialRescaler) -> Arguments:
    return {
        "n_stages": rescaler.n_stages, "method": rescaler.method, "multiplier": rescaler.multiplier,
        "in_channels": rescaler.in_channels, "out_channels": rescaler.out_channels, "bias": rescaler.bias,
        "names": list(rescaler.names),
    }  # fmt: skip


def _noisy(noisy: ImageConcatWithNoiseAugmentation) -> Arguments:
    reference_names = {ours: theirs for theirs, ours in SCHEDULE_NAMES.items()}
    schedule = {reference_names.get(name, name): value for name, value in asdict(noisy.schedule).items()}
    return {"noise_schedule_config": schedule, "max_noise_level": noisy.max_noise_level}


def _clip(encoder: ClipTextEncoder) -> Arguments:
    sizes = asdict(encoder.transformer.config)
    return {
        "transformer": sizes, "layer": str(encoder.layer), "layer_idx": encoder.layer_idx, "pad": encoder.pad
    }  # fmt: skip


def _sdxl(encoder: SdxlTextEncoder) -> Arguments:
    return {"first": asdict(encoder.first.config), "second": asdict(encoder.second.config)}


def _entry(
    kind: type[AnyConditioner], arguments: Callable[[AnyConditioner], Arguments]
) -> tuple[type[Conditioner], Callable[[Any], Arguments]]:
    return kind, arguments


_KINDS = {
    "none": _entry(Unconditional, lambda _: {}),
    "text": _entry(TextEncoder, text_arguments),
    "class": _entry(ClassEmbedder, _class),
    "layout": _entry(LayoutEncoder, _layout),
    "semantic_map": _entry(SpatialRescaler, _map),
    "low_resolution": _entry(LowResolution, lambda small: {"cell": small.cell}),
    "noisy_low_resolution": _entry(ImageConcatWithNoiseAugmentation, _noisy),
    "inpainting": _entry(Inpainting, lambda inpainting: {"convention": str(inpainting.convention)}),
    "clip": _entry(ClipTextEncoder, _clip),
    "sdxl": _entry(SdxlTextEncoder, _sdxl),
}
