"""The first stage's weights in CompVis and in diffusers names (KL and VQ autoencoders)."""

from __future__ import annotations

import re
from collections.abc import Collection

from core.checkpoints.links import Layout, Link, Links, links_of

_ATTENTION = {"norm": "group_norm", "q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0"}
# Folders written before 2023 use these names, and any may come with them.
_OLD_ATTENTION = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
_SAME = ("quant_conv", "post_quant_conv", "quantize", "encoder.conv_in", "decoder.conv_in")
_SAME_ENDS = ("encoder.conv_out", "decoder.conv_out")


def links_from_compvis(names: Collection[str]) -> Links:
    """Link CompVis names (without "first_stage_model.") to diffusers names."""
    levels = _levels(names, r"decoder\.up\.(\d+)\.")
    return links_of((name, _from_compvis(name, levels)) for name in names)


def links_from_diffusers(names: Collection[str]) -> Links:
    """Link diffusers names to CompVis names (without "first_stage_model.")."""
    levels = _levels(names, r"decoder\.up_blocks\.(\d+)\.")
    return links_of((name, _from_diffusers(name, levels)) for name in names)


def _from_compvis(name: str, levels: int) -> Link | None:
    stem, _, kind = name.rpartition(".")
    if stem.startswith(_SAME) or stem in _SAME_ENDS:
        return Link(name, (name,))
    if found := re.fullmatch(r"(encoder|decoder)\.norm_out", stem):
        return Link(name, (f"{found[1]}.conv_norm_out.{kind}",))
    if found := re.fullmatch(r"(encoder|decoder)\.(down|up|mid)\.(.+)", stem):
        side, path, rest = found.groups()
        if path == "mid":
            block, _, inner = rest.partition(".")
            block = {"block_1": "resnets.0", "block_2": "resnets.1", "attn_1": "attentions.0"}.get(block, "")
            return _inner(name, f"{side}.mid_block.{block}", inner, kind) if block else None
        number, _, rest = rest.partition(".")
        level = int(number) if path == "down" else levels - 1 - int(number)
        prefix = f"{side}.{path}_blocks.{level}"
        if rest in ("downsample.conv", "upsample.conv"):
            return Link(name, (f"{prefix}.{path}samplers.0.conv.{kind}",))
        if found := re.fullmatch(r"(block|attn)\.(\d+)\.(.+)", rest):
            place = "resnets" if found[1] == "block" else "attentions"
            return _inner(name, f"{prefix}.{place}.{found[2]}", found[3], kind)
    return None


def _inner(name: str, prefix: str, inner: str, kind: str) -> Link | None:
    if ".attentions." in prefix:
        if inner not in _ATTENTION:
            return None
        layout = Layout.MATRIX if kind == "weight" and inner != "norm" else Layout.SAME
        return Link(name, (f"{prefix}.{_ATTENTION[inner]}.{kind}",), layout)
    return Link(name, (f"{prefix}.{'conv_shortcut' if inner == 'nin_shortcut' else inner}.{kind}",))


def _from_diffusers(name: str, levels: int) -> Link | None:
    stem, _, kind = name.rpartition(".")
    if stem.startswith(_SAME) or stem in _SAME_ENDS:
        return Link(name, (name,))
    if found := re.fullmatch(r"(encoder|decoder)\.conv_norm_out", stem):
        return Link(f"{found[1]}.norm_out.{kind}", (name,))
    if found := re.fullmatch(r"(encoder|decoder)\.mid_block\.(resnets|attentions)\.(\d)\.(.+)", stem):
        block = "attn_1" if found[2] == "attentions" else f"block_{int(found[3]) + 1}"
        return _outer(name, f"{found[1]}.mid.{block}", found[4], kind)
    if found := re.fullmatch(r"(encoder|decoder)\.(down|up)_blocks\.(\d+)\.(\w+)\.(\d+)\.(.+)", stem):
        side, path, number, place, index, inner = found.groups()
        prefix = f"{side}.{path}.{int(number) if path == 'down' else levels - 1 - int(number)}"
        if place == f"{path}samplers":
            return Link(f"{prefix}.{path}sample.conv.{kind}", (name,))
        return _outer(name, f"{prefix}.{'attn' if place == 'attentions' else 'block'}.{index}", inner, kind)
    return None


def _outer(name: str, prefix: str, inner: str, kind: str) -> Link | None:
    if ".attn" in prefix:
        ours = {theirs: ours for ours, theirs in _ATTENTION.items()}.get(_OLD_ATTENTION.get(inner, inner))
        layout = Layout.MATRIX if kind == "weight" and ours != "norm" else Layout.SAME
        return None if ours is None else Link(f"{prefix}.{ours}.{kind}", (name,), layout)
    return Link(f"{prefix}.{'nin_shortcut' if inner == 'conv_shortcut' else inner}.{kind}", (name,))


def _levels(names: Collection[str], pattern: str) -> int:
    return len({match[1] for name in names if (match := re.match(pattern, name))})
