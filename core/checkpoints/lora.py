"""Low-rank adaptations of a model's weights: W + s (alpha / r) B A.

Hu et al., "LoRA" (arXiv 2106.09685), section 4.1; for convolutions A has the kernel and B is 1x1, or A and B are 1x1
and a third tensor between them has the kernel.
Letters: r rank, o and i channels out and in, k size of a kernel.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the customary name

from core.checkpoints import unet_names
from core.checkpoints.build import finite
from core.checkpoints.lora_file import LoraFile, likely_base, not_a_lora, role_of
from core.errors import ModelFileError


def apply_lora(
    networks: Mapping[str, nn.Module], lora: LoraFile, strengths: Mapping[str, float], *, live: bool = False
) -> dict[str, nn.Module]:
    """Return the networks with a LoRA added; those given are not changed, and what stays equal is shared with them.

    Args:
        networks: By role, "unet", "text" and "text_2"; layers of other roles are left out.
        lora: The LoRA.
        strengths: s by role; 1 = as it was trained, 0 or none = leave that network out, negative = the opposite.
        live: Compute the low-rank part beside each layer in every call, instead of adding it to the weights. It takes
            little memory beside quantized or shared weights, and time in every step.

    Raises:
        ModelFileError: The LoRA belongs to another model, or holds values that are not finite.
    """
    changed = {role: sharing_copy(net) if strengths.get(role) else net for role, net in networks.items()}
    places = {role: _places(net, role) for role, net in networks.items() if strengths.get(role)}
    for layer, parts in lora.layers.items():
        role, place = role_of(layer)
        if role in places:
            module = _target(changed[role], places[role], place, lora, layer)
            branch = _branch(lora, layer, parts, module, strengths[role])
            if live:
                module.register_forward_hook(branch)
            else:
                weight = _weight(module)
                delta = branch.delta().reshape(weight.shape).to(weight.device, torch.float32)
                module.weight = nn.Parameter((weight.float() + delta).to(weight.dtype), weight.requires_grad)
    return changed


def sharing_copy(module: nn.Module) -> nn.Module:
    """Return a copy of a network's structure that shares every weight with it."""
    shared: dict[int, Any] = {id(tensor): tensor for tensor in (*module.parameters(), *module.buffers())}
    return copy.deepcopy(module, shared)


@dataclass(frozen=True)
class LowRankBranch:
    """The low-rank part of one layer; as a forward hook, it adds itself to the layer's output.

    Attributes:
        down: A, [r, i] or [r, i, k, k].
        up: B, [o, r] or [o, r, 1, 1].
        mid: [r, r, k, k] between 1x1 convolutions, or None.
        scale: s alpha / r.
    """

    down: Tensor
    up: Tensor
    mid: Tensor | None
    scale: float

    def delta(self) -> Tensor:
        """Return what is added to the weight, [o, i] or [o, i, k, k], float32."""
        up, down = self.up.float().flatten(1), self.down.float()
        if self.mid is not None:
            return self.scale * torch.einsum("or,rskl,si->oikl", up, self.mid.float(), down.flatten(1))
        return (self.scale * up @ down.flatten(1)).reshape(len(up), *down.shape[1:])

    def __call__(self, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        """Return the layer's output plus this part's."""
        x = inputs[0]
        down, up = self.down.to(x), self.up.to(x)
        if isinstance(module, nn.Linear):
            return output + self.scale * F.linear(F.linear(x, down.flatten(1)), up.flatten(1))
        assert isinstance(module, nn.Conv2d)
        wide = down if down.ndim == 4 else down[..., None, None]
        spaced: dict[str, Any] = {"stride": module.stride, "padding": module.padding, "dilation": module.dilation}
        if self.mid is not None:
            h = F.conv2d(F.conv2d(x, wide), self.mid.to(x), **spaced)
        else:
            h = F.conv2d(x, wide, **spaced)
        return output + self.scale * F.conv2d(h, up.reshape(*up.shape[:2], 1, 1))


def _branch(lora: LoraFile, layer: str, parts: Mapping[str, str], module: nn.Module, strength: float) -> LowRankBranch:
    shapes = {part: lora.file.entries[name].shape for part, name in parts.items()}
    kernel = shapes["mid"][2:] if "mid" in shapes else shapes["down"][2:]
    weight = _weight(module)
    made, wanted = (shapes["up"][0], shapes["down"][1], *kernel), tuple(weight.shape)
    if made != wanted and (made[:2] != wanted[:2] or math.prod(made[2:]) != 1 or math.prod(wanted[2:]) != 1):
        raise _another_model(lora, f"{layer} changes a weight of shape {list(made)}, the model's is {list(wanted)}")
    tensors = lora.file.tensors(parts.values())
    for name, tensor in tensors.items():
        if not finite(tensor):
            raise not_a_lora(lora.file.path, f"{name} holds values that are not finite")
    tensors = {name: tensor.to(weight.device) for name, tensor in tensors.items()}
    down, up = tensors[parts["down"]], tensors[parts["up"]]
    # Without an alpha, the matrices are meant as they are.
    alpha = float(tensors[parts["alpha"]]) if "alpha" in parts else len(down)
    mid = tensors[parts["mid"]] if "mid" in parts else None
    return LowRankBranch(down, up, mid, strength * alpha / len(down))


def _places(network: nn.Module, role: str) -> dict[str, str]:
    """Map each way of spelling a layer's name to the layer: with dots and with underscores, CompVis and diffusers."""
    layers = [name for name, module in network.named_modules() if isinstance(module, (nn.Linear, nn.Conv2d))]
    spelled = {name: name for name in layers}
    if role == "unet":
        weights = [f"{name}.weight" for name in layers]
        known = [name for name in network.state_dict() if name.endswith(".weight")]
        linked = {link.compvis: link.diffusers[0] for link in unet_names.links_from_compvis(known).found}
        spelled |= {
            linked[weight].removesuffix(".weight"): weight.removesuffix(".weight")
            for weight in weights
            if weight in linked
        }
    return spelled | {spelling.replace(".", "_"): name for spelling, name in spelled.items()}


def _target(network: nn.Module, places: Mapping[str, str], place: str, lora: LoraFile, layer: str) -> nn.Module:
    if place not in places:
        raise _another_model(lora, f"it changes {layer}, which the model lacks")
    return network.get_submodule(places[place])


def _weight(module: nn.Module) -> Tensor:
    assert isinstance(module, (nn.Linear, nn.Conv2d))
    return module.weight


def _another_model(lora: LoraFile, detail: str) -> ModelFileError:
    return ModelFileError(
        f"The LoRA {lora.file.path.name} belongs to another model.",
        why=f"On comparing, {detail}.",
        fix=f"Use it with {likely_base(lora)}.",
    )
