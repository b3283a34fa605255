"""Files of weights for tests: full-size ones without data on the disk, and small whole models."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from core.models.autoencoder_kl import AutoencoderKL
from core.models.clip_text import ClipTextConfig, ClipTextTransformer
from core.models.unet import UNetModel

KINDS = {torch.float32: ("F32", 4), torch.float16: ("F16", 2), torch.int64: ("I64", 8)}

UNET: dict[str, Any] = {
    "image_size": 8, "in_channels": 4, "out_channels": 4, "model_channels": 32, "num_res_blocks": 1,
    "attention_resolutions": [1, 2], "channel_mult": [1, 2], "num_heads": 8, "use_spatial_transformer": True,
    "context_dim": 64,
}  # fmt: skip
FIRST: dict[str, Any] = {
    "ddconfig": {
        "ch": 32, "out_ch": 3, "ch_mult": [1, 1], "num_res_blocks": 1, "attn_resolutions": [], "in_channels": 3,
        "resolution": 16, "z_channels": 4,
    },
    "embed_dim": 4,
}  # fmt: skip
CLIP = ClipTextConfig(hidden_size=64, intermediate_size=64, num_hidden_layers=1, num_attention_heads=1)


def write_sparse(path: Path, tensors: Mapping[str, Tensor], dtype: torch.dtype | None = None) -> Path:
    """Write a safetensors file of these names and shapes whose data is a hole: zeros that take no space."""
    header, end = {}, 0
    for name, tensor in tensors.items():
        kind, size = KINDS[dtype if dtype is not None and tensor.is_floating_point() else tensor.dtype]
        begin, end = end, end + tensor.numel() * size
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + end)
    return path


def randomized(module: nn.Module, seed: int = 0) -> nn.Module:
    """Give every weight a value, as untrained networks have layers that are zero."""
    stream = torch.Generator().manual_seed(seed)
    for parameter in module.parameters():
        parameter.data.normal_(0, 0.1, generator=stream)
    return module.eval()


@cache
def small_networks() -> dict[str, nn.Module]:
    """A UNet, an autoencoder and a text encoder of Stable Diffusion's kind, by their prefix in a single file.

    They are made once, and not to be changed.
    """
    return {
        "model.diffusion_model.": randomized(UNetModel(**UNET)),
        "first_stage_model.": randomized(AutoencoderKL(**FIRST), 1),
        "cond_stage_model.transformer.": randomized(ClipTextTransformer(CLIP), 2),
    }


def single_state(networks: Mapping[str, nn.Module]) -> dict[str, Tensor]:
    """The state of a single file of these networks."""
    return {
        prefix + name: tensor.clone()
        for prefix, network in networks.items()
        for name, tensor in network.state_dict().items()
    }


def write_small(path: Path, **more: Tensor) -> dict[str, nn.Module]:
    """Write a small whole model as a single file; return its networks by prefix."""
    networks = small_networks()
    state = single_state(networks) | more
    if path.suffix == ".safetensors":
        save_file(state, path)
    else:
        torch.save({"state_dict": state, "global_step": 7}, path)
    return networks
