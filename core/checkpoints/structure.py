"""Constructor arguments of the networks, read off the shapes of their weights (in CompVis names).

A checkpoint without its configuration still tells nearly everything: widths, levels, blocks, where there is attention
and of what kind. Only the number of attention heads must be known from elsewhere (`zoo`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from core.checkpoints.unet_names import compvis_shape
from core.checkpoints.zoo import family_of

Shapes = Mapping[str, tuple[int, ...]]
NOMINAL_RESOLUTION = 256  # what autoencoders count their attention resolutions down from


def unet_arguments(shapes: Shapes) -> dict[str, Any]:
    """Return the arguments of `UNetModel` for weights of these shapes (without "model.diffusion_model.").

    Heads are those of the published model that the shapes belong to; for others, 64 channels each where projections
    are linear and widths allow it, and 8 heads elsewhere.

    Raises:
        KeyError: These are not a UNet's weights.
    """
    width, channels = shapes["time_embed.0.weight"]
    structure = compvis_shape(shapes.keys())
    levels = _levels(shapes, structure.blocks)
    depths = [_transformer_depth(shapes, blocks) for blocks in levels]
    spatial = any("transformer_blocks" in name for name in shapes)
    middle = _count(shapes, r"middle_block\.1\.transformer_blocks\.(\d+)\.")
    arguments: dict[str, Any] = {
        "image_size": 32,
        "in_channels": shapes["input_blocks.0.0.weight"][1],
        "out_channels": shapes["out.2.weight"][0],
        "model_channels": channels,
        "num_res_blocks": list(structure.blocks),
        "channel_mult": [shapes[f"input_blocks.{blocks[0]}.0.out_layers.3.weight"][0] // channels for blocks in levels],
        "attention_resolutions": [2**level for level, blocks in enumerate(levels) if _attends(shapes, blocks)],
        "resblock_updown": _resamples_by_blocks(shapes, levels),
        "use_scale_shift_norm": _scale_shift(shapes, levels[0][0]),
        **_label_arguments(shapes, width),
    }
    if "id_predictor.1.weight" in shapes:
        arguments["n_embed"] = shapes["id_predictor.1.weight"][0]
    if spatial:
        # A level without attention has no depth; the middle's is that of the last level.
        depths[-1] = depths[-1] or middle
        arguments |= {"use_spatial_transformer": True, "transformer_depth": [depth or 1 for depth in depths]}
        arguments |= _context_arguments(shapes, levels)
    return arguments | _heads(arguments)


def _levels(shapes: Shapes, blocks: tuple[int, ...]) -> list[list[int]]:
    """Return the numbers of each level's residual blocks among the input blocks."""
    levels, index = [], 1
    for count in blocks:
        levels.append(list(range(index, index + count)))
        index += count + 1
    return levels


def _attends(shapes: Shapes, blocks: list[int]) -> bool:
    return f"input_blocks.{blocks[0]}.1.norm.weight" in shapes


def _transformer_depth(shapes: Shapes, blocks: list[int]) -> int:
    return _count(shapes, rf"input_blocks\.{blocks[0]}\.1\.transformer_blocks\.(\d+)\.")


def _resamples_by_blocks(shapes: Shapes, levels: list[list[int]]) -> bool:
    return len(levels) > 1 and f"input_blocks.{levels[0][-1] + 1}.0.in_layers.0.weight" in shapes


def _scale_shift(shapes: Shapes, block: int) -> bool:
    return (
        shapes[f"input_blocks.{block}.0.emb_layers.1.weight"][0]
        == 2 * (shapes[f"input_blocks.{block}.0.out_layers.3.weight"][0])
    )


def _label_arguments(shapes: Shapes, width: int) -> dict[str, Any]:
    if "label_emb.0.0.weight" in shapes:
        return {"num_classes": "sequential", "adm_in_channels": shapes["label_emb.0.0.weight"][1]}
    if "label_emb.bias" in shapes:
        return {"num_classes": "continuous"}
    if "label_emb.weight" in shapes:
        return {"num_classes": shapes["label_emb.weight"][0]}
    return {}


def _context_arguments(shapes: Shapes, levels: list[list[int]]) -> dict[str, Any]:
    first = "middle_block.1.transformer_blocks.0"
    queries, context = shapes[f"{first}.attn1.to_q.weight"][1], shapes[f"{first}.attn2.to_k.weight"][1]

    def blind(place: str) -> bool:
        """Whether a block's first attention, too, looks at the context instead of at the picture."""
        to_k, to_q = (shapes.get(f"{place}.1.transformer_blocks.0.attn1.{part}.weight") for part in ("to_k", "to_q"))
        return to_k is not None and to_q is not None and to_k[1] != to_q[1]

    arguments: dict[str, Any] = {"context_dim": context}
    if len(shapes["middle_block.1.proj_in.weight"]) == 2:
        arguments["use_linear_in_transformer"] = True
    without = [blind(f"input_blocks.{blocks[0]}") for blocks in levels]
    if any(without):
        arguments["disable_self_attentions"] = without
    if shapes[f"{first}.attn1.to_k.weight"][1] != queries:
        arguments["disable_middle_self_attn"] = True
    return arguments


def _heads(arguments: Mapping[str, Any]) -> dict[str, Any]:
    family = family_of(arguments)
    if family is not None:
        return dict(family.heads)
    if arguments.get("use_linear_in_transformer") and arguments["model_channels"] % 64 == 0:
        return {"num_head_channels": 64, "legacy": False}
    return {"num_heads": 8}


def folder_heads(arguments: Mapping[str, Any], configuration: Mapping[str, Any]) -> dict[str, Any]:
    """Return how attention is split by unet/config.json of a diffusers folder; nothing where it does not say.

    Args:
        arguments: Those of `UNetModel` that shapes tell.
        configuration: The file; its "attention_head_dim" is a number of heads, for historical reasons.

    Raises:
        ValueError: Levels have heads of different widths, or heads do not divide a width.
    """
    heads = configuration.get("num_attention_heads") or configuration.get("attention_head_dim")
    if heads is None or not arguments.get("use_spatial_transformer"):
        return {}
    if isinstance(heads, int):
        return {"num_heads": heads, "num_head_channels": -1, "legacy": False}
    widths = [arguments["model_channels"] * factor for factor in arguments["channel_mult"]]
    split = {divmod(width, int(count)) for width, count in zip(widths, heads, strict=True)}
    if len(split) != 1 or (found := split.pop())[1]:
        raise ValueError(f"levels {widths} wide with {heads} heads, which are not of one width")
    return {"num_heads": -1, "num_head_channels": found[0], "legacy": False}


def autoencoder_arguments(shapes: Shapes) -> dict[str, Any]:
    """Return the arguments of `AutoencoderKL`, or with "n_embed" among them of `VQModel`, for weights of these shapes.

    Names are without "first_stage_model.".

    Raises:
        KeyError: These are not an autoencoder's weights.
    """
    levels = _count(shapes, r"encoder\.down\.(\d+)\.")
    ch, pixel_channels = shapes["encoder.conv_in.weight"][:2]
    folded = patch_size(shapes)
    z_channels = shapes["decoder.conv_in.weight"][1]
    attending = [i for i in range(levels) if _count(shapes, rf"encoder\.down\.{i}\.attn\.(\d+)\.")]
    config = {
        "double_z": shapes["encoder.conv_out.weight"][0] == 2 * z_channels,
        "z_channels": z_channels,
        "resolution": NOMINAL_RESOLUTION,
        "in_channels": pixel_channels // folded**2,
        "out_ch": shapes["decoder.conv_out.weight"][0] // folded**2,
        "ch": ch,
        "ch_mult": [shapes[f"encoder.down.{i}.block.0.conv1.weight"][0] // ch for i in range(levels)],
        "num_res_blocks": _count(shapes, r"encoder\.down\.0\.block\.(\d+)\."),
        "attn_resolutions": [NOMINAL_RESOLUTION // 2**i for i in attending],
        "dropout": 0.0,
        "attn_type": "linear" if any(".to_qkv." in name for name in shapes) else "vanilla",
        "mid_attention": "encoder.mid.attn_1.norm.weight" in shapes or "encoder.mid.attn_1.to_qkv.weight" in shapes,
        "patch_size": folded,
        "resamp_with_conv": levels == 1 or "encoder.down.0.downsample.conv.weight" in shapes,
    }
    arguments: dict[str, Any] = {"ddconfig": config, "embed_dim": shapes["post_quant_conv.weight"][1]}
    if "quantize.embedding.weight" in shapes:
        arguments["n_embed"] = shapes["quantize.embedding.weight"][0]
    if "colorize" in shapes:
        arguments["colorize_nlabels"] = shapes["colorize"][1]
    return arguments


def patch_size(shapes: Shapes) -> int:
    """Return how many pixels, each way, an autoencoder folds into channels before its first convolution; usually 1."""
    pixel_channels = shapes["encoder.conv_in.weight"][1]
    return next((size for size in (2, 4, 8) if pixel_channels == 3 * size**2), 1)


def _count(shapes: Shapes, pattern: str) -> int:
    found = re.compile(pattern)
    return len({match[1] for name in shapes if (match := found.match(name))})
