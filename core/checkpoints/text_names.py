"""The CLIP text encoder's weights in OpenCLIP and in transformers names.

Stable Diffusion 1 files hold transformers' names already; Stable Diffusion 2 files and SDXL's second encoder hold
OpenCLIP's, where query, key and value are one matrix. Diffusers folders use transformers' names throughout.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from core.checkpoints.links import Layout, Link, Links, links_of

_TOP = {
    "positional_embedding": "text_model.embeddings.position_embedding.weight",
    "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
    "ln_final.weight": "text_model.final_layer_norm.weight",
    "ln_final.bias": "text_model.final_layer_norm.bias",
}
_LAYER = {
    "ln_1": "layer_norm1",
    "ln_2": "layer_norm2",
    "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2",
    "attn.out_proj": "self_attn.out_proj",
}
_PROJECTION = Link("text_projection", ("text_projection.weight",), Layout.TRANSPOSED)


def whole_names(names: Collection[str]) -> dict[str, str]:
    """Map the text transformer's names with "text_model." before them to those given, which may lack it.

    transformers writes a text encoder with or without that prefix, depending on its version.
    """
    if "final_layer_norm.weight" not in names:
        return {name: name for name in names}
    return {name if name == "text_projection.weight" else f"text_model.{name}": name for name in names}


def links_from_openclip(names: Collection[str], layers: int | None = None) -> Links:
    """Link OpenCLIP names (without "cond_stage_model.model.") to transformers names.

    Args:
        names: The OpenCLIP names.
        layers: How many layers to keep; None = all. Stable Diffusion 2 folders leave out the last one and the
            projection, which its conditioning does not use.
    """
    return links_of((name, _from_openclip(name, layers)) for name in names)


def links_from_transformers(names: Collection[str]) -> Links:
    """Link transformers names to OpenCLIP names."""
    return links_of((name, _from_transformers(name)) for name in names)


def _from_openclip(name: str, layers: int | None) -> Link | None:
    if name in _TOP:
        return Link(name, (_TOP[name],))
    if name == _PROJECTION.compvis:
        return _PROJECTION if layers is None else None
    found = re.fullmatch(r"transformer\.resblocks\.(\d+)\.(.+)", name)
    if found is None or (layers is not None and int(found[1]) >= layers):
        return None
    return _layer_link(int(found[1]), found[2])


def _layer_link(layer: int, inner: str) -> Link | None:
    ours, theirs = f"transformer.resblocks.{layer}", f"text_model.encoder.layers.{layer}"
    if found := re.fullmatch(r"attn\.in_proj_(weight|bias)", inner):
        thirds = tuple(f"{theirs}.self_attn.{part}_proj.{found[1]}" for part in "qkv")
        return Link(f"{ours}.{inner}", thirds, Layout.THIRDS)
    stem, _, kind = inner.rpartition(".")
    return Link(f"{ours}.{inner}", (f"{theirs}.{_LAYER[stem]}.{kind}",)) if stem in _LAYER else None


def _from_transformers(name: str) -> Link | None:
    if name in _PROJECTION.diffusers:
        return _PROJECTION
    for ours, theirs in _TOP.items():
        if name == theirs:
            return Link(ours, (name,))
    found = re.fullmatch(r"text_model\.encoder\.layers\.(\d+)\.(.+)\.(weight|bias)", name)
    if found is None:
        return None
    if thirds := re.fullmatch(r"self_attn\.[qkv]_proj", found[2]):
        return _layer_link(int(found[1]), f"attn.in_proj_{found[3]}") if thirds else None
    inner = {theirs: ours for ours, theirs in _LAYER.items()}.get(found[2])
    return None if inner is None else _layer_link(int(found[1]), f"{inner}.{found[3]}")
