"""The UNet's weights in CompVis and in diffusers names.

CompVis counts blocks through all levels ("input_blocks.4.1"); diffusers counts levels and what stands in each
("down_blocks.1.attentions.0"). So the names can be translated once the number of residual blocks of each level is
known, and that follows from the names.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from core.checkpoints.links import Link, Links, links_of

_RESNET = {
    "in_layers.0": "norm1",
    "in_layers.2": "conv1",
    "emb_layers.1": "time_emb_proj",
    "out_layers.0": "norm2",
    "out_layers.3": "conv2",
    "skip_connection": "conv_shortcut",
}
_RESAMPLER = {**_RESNET, "op": "conv", "conv": "conv"}
_FIXED = {
    "time_embed.0": "time_embedding.linear_1",
    "time_embed.2": "time_embedding.linear_2",
    "input_blocks.0.0": "conv_in",
    "out.0": "conv_norm_out",
    "out.2": "conv_out",
}
# What ends a level on the way up: an upsampling convolution, or a residual block that upsamples.
_UPSAMPLERS = ("conv", "in_layers")


@dataclass(frozen=True)
class UNetShape:
    """What the names of a UNet's weights tell about its structure.

    Attributes:
        blocks: Residual blocks of each level on the way down, finest level first.
        up_attends: Whether the way up has attention at each level, finest first.
    """

    blocks: tuple[int, ...]
    up_attends: tuple[bool, ...]


def compvis_shape(names: Collection[str]) -> UNetShape:
    """Read the structure off CompVis names (without "model.diffusion_model.")."""
    known = set(names)
    outputs = _numbers(known, r"output_blocks\.(\d+)\.")
    ends = [k for k in outputs if any(_has(known, f"output_blocks.{k}.{j}.{up}") for j in (1, 2) for up in _UPSAMPLERS)]
    if outputs and outputs[-1] not in ends:
        ends.append(outputs[-1])
    sizes = [end - start for start, end in zip([-1, *ends], ends, strict=False)]
    attends = [
        any(_has(known, f"output_blocks.{end}.1.{kind}") for kind in ("transformer_blocks", "qkv")) for end in ends
    ]
    return UNetShape(tuple(size - 1 for size in reversed(sizes)), tuple(reversed(attends)))


def diffusers_shape(names: Collection[str]) -> UNetShape:
    """Read the structure off diffusers names."""
    levels = _numbers(names, r"down_blocks\.(\d+)\.")
    blocks = tuple(len(_numbers(names, rf"down_blocks\.{level}\.resnets\.(\d+)\.")) for level in levels)
    up = (bool(_numbers(names, rf"up_blocks\.{level}\.attentions\.(\d+)\.")) for level in reversed(levels))
    return UNetShape(blocks, tuple(up))


def links_from_compvis(names: Collection[str]) -> Links:
    """Link CompVis names (without "model.diffusion_model.") to diffusers names."""
    prefixes = {compvis: (diffusers, inner) for compvis, diffusers, inner in _blocks(compvis_shape(names))}
    # SDXL joins sizes and pooled text ("add"); a vector of its own, as of image variations, is a "class".
    vector = "add_embedding" if _is_sdxl(names) else "class_embedding"
    return links_of((name, _from_compvis(name, prefixes, vector)) for name in names)


def links_from_diffusers(names: Collection[str]) -> Links:
    """Link diffusers names to CompVis names (without "model.diffusion_model.")."""
    prefixes = {
        diffusers: (compvis, {ours: theirs for theirs, ours in inner.items() if _resamples(compvis, theirs, inner)})
        for compvis, diffusers, inner in _blocks(diffusers_shape(names))
    }
    return links_of((name, _from_diffusers(name, prefixes)) for name in names)


def _is_sdxl(names: Collection[str]) -> bool:
    # No attention at the finest level is what all published models with an "add_embedding" have in common.
    return not _has(set(names), "input_blocks.1.1")


def _resamples(compvis: str, theirs: str, inner: Mapping[str, str]) -> bool:
    """Of "op" (down) and "conv" (up), both "conv" in diffusers, keep the one that belongs to the place."""
    return inner is not _RESAMPLER or theirs != ("conv" if compvis.startswith("input") else "op")


def _blocks(shape: UNetShape) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """Give the prefix of each block in both formats, with the names inside it (none = the same)."""
    levels, index = len(shape.blocks), 1
    for level, count in enumerate(shape.blocks):
        for block in range(count):
            yield f"input_blocks.{index}.0", f"down_blocks.{level}.resnets.{block}", _RESNET
            yield f"input_blocks.{index}.1", f"down_blocks.{level}.attentions.{block}", {}
            index += 1
        if level != levels - 1:
            yield f"input_blocks.{index}.0", f"down_blocks.{level}.downsamplers.0", _RESAMPLER
            index += 1
    yield "middle_block.0", "mid_block.resnets.0", _RESNET
    yield "middle_block.1", "mid_block.attentions.0", {}
    yield "middle_block.2", "mid_block.resnets.1", _RESNET
    index = 0
    for up, level in enumerate(reversed(range(levels))):
        attends = shape.up_attends[level]
        for block in range(shape.blocks[level] + 1):
            yield f"output_blocks.{index}.0", f"up_blocks.{up}.resnets.{block}", _RESNET
            if attends:
                yield f"output_blocks.{index}.1", f"up_blocks.{up}.attentions.{block}", {}
            index += 1
        yield f"output_blocks.{index - 1}.{1 + attends}", f"up_blocks.{up}.upsamplers.0", _RESAMPLER


def _from_compvis(name: str, prefixes: Mapping[str, tuple[str, Mapping[str, str]]], vector: str) -> Link | None:
    stem, _, kind = name.rpartition(".")
    if stem in _FIXED:
        return Link(name, (f"{_FIXED[stem]}.{kind}",))
    if name == "label_emb.weight":
        return Link(name, ("class_embedding.weight",))
    if stem in ("label_emb.0.0", "label_emb.0.2"):
        return Link(name, (f"{vector}.linear_{1 + int(stem[-1]) // 2}.{kind}",))
    other = _within(name, prefixes, depth=2 if name.startswith("middle_block") else 3)
    return None if other is None or ".qkv." in name else Link(name, (other,))


def _from_diffusers(name: str, prefixes: Mapping[str, tuple[str, Mapping[str, str]]]) -> Link | None:
    stem, _, kind = name.rpartition(".")
    for compvis, diffusers in _FIXED.items():
        if stem == diffusers:
            return Link(f"{compvis}.{kind}", (name,))
    if name == "class_embedding.weight":
        return Link("label_emb.weight", (name,))
    if found := re.fullmatch(r"(?:add|class)_embedding\.linear_([12])", stem):
        return Link(f"label_emb.0.{2 * int(found[1]) - 2}.{kind}", (name,))
    other = _within(name, prefixes, depth=3 if name.startswith("mid_block") else 4)
    return None if other is None else Link(other, (name,))


def _within(name: str, prefixes: Mapping[str, tuple[str, Mapping[str, str]]], depth: int) -> str | None:
    parts = name.split(".")
    prefix, rest = ".".join(parts[:depth]), ".".join(parts[depth:])
    if prefix not in prefixes:
        return None
    other, inner = prefixes[prefix]
    if not inner:
        return f"{other}.{rest}"
    stem, _, kind = rest.rpartition(".")
    return f"{other}.{inner[stem]}.{kind}" if stem in inner else None


def _numbers(names: Collection[str], pattern: str) -> list[int]:
    found = re.compile(pattern)
    return sorted({int(match[1]) for name in names if (match := found.match(name))})


def _has(names: Collection[str], prefix: str) -> bool:
    return any(name.startswith(f"{prefix}.") for name in names)
