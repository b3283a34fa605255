"""Training low-rank changes of a network's layers while its weights stay as they are.

Hu et al., "LoRA" (arXiv 2106.09685), section 4.1: W + (alpha / r) B A, A random and B zero at first, so that training
begins with the base itself. Files are spelled as kohya's, with the layer names of diffusers, which most programs read.
Letters: r rank, o and i channels out and in, k size of a kernel.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from core.checkpoints import unet_names
from core.checkpoints.lora import LowRankBranch
from training.lora_config import LoraConfig

ROLES = {"unet": "lora_unet_", "text": "lora_te_"}
PROJECTIONS = (".to_q", ".to_k", ".to_v", ".to_out.0", ".q_proj", ".k_proj", ".v_proj", ".out_proj")


class LowRank(nn.Module):
    """A trained change of one layer, which adds itself to the layer's output.

    Attributes:
        down: A, [r, i] or [r, i, k, k].
        up: B, [o, r] or [o, r, 1, 1].
        scale: alpha / r.
    """

    def __init__(self, layer: nn.Linear | nn.Conv2d, config: LoraConfig) -> None:
        super().__init__()
        out, *rest = layer.weight.shape
        ones = (1,) * (len(rest) - 1)
        device = layer.weight.device
        self.down = nn.Parameter(torch.empty(config.rank, *rest, device=device))
        self.up = nn.Parameter(torch.zeros(out, config.rank, *ones, device=device))
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))
        self.scale = (config.alpha or config.rank) / config.rank
        layer.register_forward_hook(self._added)

    def _added(self, layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        return LowRankBranch(self.down, self.up, None, self.scale)(layer, inputs, output)


def attach(network: nn.Module, role: str, config: LoraConfig) -> dict[str, LowRank]:
    """Freeze a network and let low-rank changes of its layers learn; return them by the names of the layers in files.

    Args:
        network: The denoiser, or a text encoder's transformer.
        role: "unet" or "text".
        config: Which layers change, and how.

    Raises:
        ValueError: None of its layers would change.
    """
    network.requires_grad_(False)
    spelled = _spelled(network) if role == "unet" else {}
    found = {}
    for name, layer in list(network.named_modules()):
        chosen = config.layers == "all" or name.endswith(PROJECTIONS)
        if chosen and isinstance(layer, (nn.Linear, nn.Conv2d)):
            found[ROLES[role] + spelled.get(name, name).replace(".", "_")] = LowRank(layer, config)
    if not found:
        raise ValueError(f"lora.layers = {config.layers!r} chooses no layer of this model; use 'all'.")
    return found


def save_lora(path: Path, changes: Mapping[str, nn.Module], about: Mapping[str, Any]) -> None:
    """Write trained changes so that programs which apply LoRA read them; `about` are plain values for people."""
    tensors = {}
    for name, change in changes.items():
        assert isinstance(change, LowRank)
        tensors[f"{name}.lora_down.weight"] = change.down.detach().contiguous()
        tensors[f"{name}.lora_up.weight"] = change.up.detach().contiguous()
        tensors[f"{name}.alpha"] = torch.tensor(change.scale * len(change.down))
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".part")
    save_file(tensors, aside, {name: str(value) for name, value in about.items()})
    aside.replace(path)


def _spelled(unet: nn.Module) -> dict[str, str]:
    """Map the names of a denoiser's layers to those of diffusers, where these exist."""
    weights = [name for name in unet.state_dict() if name.endswith(".weight")]
    links = unet_names.links_from_compvis(weights).found
    return {
        link.compvis.removesuffix(".weight"): link.diffusers[0].removesuffix(".weight")
        for link in links
        if len(link.diffusers) == 1
    }
