"""Our networks and diffusers', in pairs that share their weights; for tests and benchmarks only.

The weights are random and live once: diffusers' modules take the very tensors, under its names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from core.checkpoints import autoencoder_names, unet_names
from core.checkpoints.links import Links
from core.errors import InputError
from core.models.autoencoder_kl import AutoencoderKL
from core.models.unet import UNetModel

SD15_UNET: dict[str, Any] = {
    "image_size": 64, "in_channels": 4, "out_channels": 4, "model_channels": 320, "attention_resolutions": [4, 2, 1],
    "num_res_blocks": 2, "channel_mult": [1, 2, 4, 4], "num_heads": 8, "use_spatial_transformer": True,
    "transformer_depth": 1, "context_dim": 768, "legacy": False,
}  # fmt: skip
SMALL_UNET: dict[str, Any] = {
    **SD15_UNET, "model_channels": 64, "channel_mult": [1, 2, 4], "context_dim": 128, "num_heads": 4,
    "attention_resolutions": [4, 2],
}  # fmt: skip
SD_AUTOENCODER: dict[str, Any] = {
    "double_z": True, "z_channels": 4, "resolution": 256, "in_channels": 3, "out_ch": 3, "ch": 128,
    "ch_mult": [1, 2, 4, 4], "num_res_blocks": 2, "attn_resolutions": [], "dropout": 0.0,
}  # fmt: skip


@dataclass(frozen=True)
class Pair:
    """One network twice, with the same weights: ours, and diffusers'."""

    ours: nn.Module
    peer: nn.Module


def unet_pair(arguments: Mapping[str, Any]) -> Pair:
    """Make a UNet of Stable Diffusion 1's kind from arguments of `UNetModel`."""
    ours = with_random_weights(UNetModel, **arguments)
    widths = tuple(arguments["model_channels"] * mult for mult in arguments["channel_mult"])
    attends = [2**level in arguments["attention_resolutions"] for level in range(len(widths))]
    with torch.device("meta"):
        peer = diffusers().UNet2DConditionModel(
            sample_size=arguments["image_size"],
            in_channels=arguments["in_channels"],
            out_channels=arguments["out_channels"],
            block_out_channels=widths,
            layers_per_block=arguments["num_res_blocks"],
            cross_attention_dim=arguments["context_dim"],
            attention_head_dim=arguments["num_heads"],
            down_block_types=["CrossAttnDownBlock2D" if here else "DownBlock2D" for here in attends],
            up_block_types=["CrossAttnUpBlock2D" if here else "UpBlock2D" for here in reversed(attends)],
        )
    return share(ours, peer, unet_names.links_from_compvis(ours.state_dict()))


def autoencoder_pair(ddconfig: Mapping[str, Any]) -> Pair:
    """Make a KL autoencoder of Stable Diffusion's kind from its `ddconfig`."""
    ours = with_random_weights(AutoencoderKL, ddconfig=ddconfig, embed_dim=ddconfig["z_channels"])
    widths = tuple(ddconfig["ch"] * mult for mult in ddconfig["ch_mult"])
    with torch.device("meta"):
        peer = diffusers().AutoencoderKL(
            latent_channels=ddconfig["z_channels"],
            block_out_channels=widths,
            layers_per_block=ddconfig["num_res_blocks"],
            down_block_types=("DownEncoderBlock2D",) * len(widths),
            up_block_types=("UpDecoderBlock2D",) * len(widths),
        )
    return share(ours, peer, autoencoder_names.links_from_compvis(ours.state_dict()))


def share(ours: nn.Module, peer: nn.Module, links: Links) -> Pair:
    """Give `peer` the tensors of `ours`, under the names that `links` tell."""
    peer.load_state_dict(links.to_diffusers(ours.state_dict()), assign=True)
    return Pair(ours, peer.eval())


def with_random_weights(kind: type[nn.Module], **arguments: Any) -> nn.Module:
    """Build a network, no layer of it zero, that keeps the size of what passes through it."""
    with torch.device("meta"):
        module = kind(**arguments)
    module = module.to_empty(device="cpu").eval().requires_grad_(False)
    stream = torch.Generator().manual_seed(0)
    for name, weight in module.named_parameters():
        if weight.dim() == 1:
            weight.normal_(float(name.endswith("weight")), 0.05, generator=stream)
        else:
            weight.normal_(0.0, weight[0].numel() ** -0.5, generator=stream)
    return module


def diffusers() -> Any:
    """Import diffusers, which is slow and not needed by the program.

    Raises:
        InputError: It is not installed.
    """
    try:
        import diffusers as package
    except ImportError as error:
        raise InputError(
            "The networks cannot be compared with diffusers.",
            why=f"It cannot be imported: {error}.",
            fix="Install the requirements: python3 bootstrap.py test.",
        ) from error
    return package


def prediction(network: nn.Module, *given: Tensor) -> Tensor:
    """Call either side of a pair of UNets; diffusers wraps what it returns."""
    found = network(*given)
    return found if isinstance(found, Tensor) else found.sample


def picture(network: nn.Module, z: Tensor) -> Tensor:
    """Decode with either side of a pair of autoencoders."""
    found = network.decode(z)  # type: ignore[operator]
    return found if isinstance(found, Tensor) else found.sample
