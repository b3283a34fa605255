"""Sizes of networks to begin with, from one that learns in minutes on a processor to the paper's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_COMMON = {"in_channels": 3, "out_ch": 3, "attn_resolutions": [], "resolution": 64}


@dataclass(frozen=True)
class ModelSize:
    """A size.

    Attributes:
        title: For people.
        text: What it is good for.
        first_stage: Fields of `FirstStageConfig`.
        second_stage: Fields of `SecondStageConfig`.
    """

    title: str
    text: str
    first_stage: Mapping[str, Any]
    second_stage: Mapping[str, Any]


SIZES = (
    ModelSize(
        "Tiny", "To see how everything works, in minutes: f = 2 for pictures of 32 pixels",
        {
            "embed_dim": 4,
            "ddconfig": {**_COMMON, "resolution": 32, "ch": 16, "ch_mult": [1, 2], "num_res_blocks": 1, "z_channels": 4,
                         "mid_attention": False},
        },
        {"unet": {"model_channels": 32, "num_res_blocks": 1, "attention_resolutions": [2], "channel_mult": [1, 2],
                  "num_heads": 2}},
    ),
    ModelSize(
        "Small", "The shipped model's: f = 8 for 64 pixels, an hour on a processor",
        {
            "embed_dim": 8,
            "ddconfig": {**_COMMON, "ch": 32, "ch_mult": [1, 2, 4], "num_res_blocks": 1, "z_channels": 8,
                         "patch_size": 2, "mid_attention": False},
            "decoder_config": {"ch": 48, "num_res_blocks": 0},
        },
        {"unet": {"model_channels": 64, "num_res_blocks": 2, "attention_resolutions": [1, 2], "channel_mult": [1, 2],
                  "num_heads": 4, "use_scale_shift_norm": True}},
    ),
    ModelSize(
        "Medium", "f = 8 for 128 to 256 pixels on a graphics card",
        {
            "embed_dim": 4,
            "ddconfig": {**_COMMON, "resolution": 256, "ch": 64, "ch_mult": [1, 2, 4, 4], "num_res_blocks": 2,
                         "z_channels": 4, "double_z": True},
        },
        {"unet": {"model_channels": 128, "num_res_blocks": 2, "attention_resolutions": [1, 2, 4],
                  "channel_mult": [1, 2, 4], "num_head_channels": 32}},
    ),
    ModelSize(
        "Paper, LDM-8", "KL-f8 and the paper's width for 256 pixels: a graphics card, days",
        {
            "embed_dim": 4,
            "ddconfig": {**_COMMON, "resolution": 256, "ch": 128, "ch_mult": [1, 2, 4, 4], "num_res_blocks": 2,
                         "z_channels": 4, "double_z": True},
        },
        {"unet": {"model_channels": 256, "num_res_blocks": 2, "attention_resolutions": [1, 2, 4],
                  "channel_mult": [1, 2, 4], "num_head_channels": 32}},
    ),
)  # fmt: skip
