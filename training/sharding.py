"""Networks whose weights, gradients, averages and moments are shared out among the ranks: torch's FSDP2.

Rajbhandari et al., "ZeRO" (arXiv 1910.02054), section 5, its third stage; Zhao et al. (arXiv 2304.11277). A block's
weights are gathered while it computes, and only then. To other code a shared-out weight is a `DTensor`: each rank holds
the rows that are its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

from training.distributed import Ranks
from training.phase import Phase


def share_out(phase: Phase, ranks: Ranks) -> None:
    """Leave on each rank its part of the phase's large networks; all ranks begin with the same weights."""
    if ranks.world == 1 or not phase.blocks:
        return
    mesh = init_device_mesh(phase.device.type, (ranks.world,))
    for block in phase.blocks:
        # Whole weights would else stay after a forward pass, and averages or checkpoints would see them.
        shared = fully_shard(block, mesh=mesh, reshard_after_forward=True)
        # A loss is a part of the step's mean already, so gradients are added up, as without parts.
        shared.set_gradient_divide_factor(1.0)
        shared.set_force_sum_reduction_for_comms(True)  # gloo can do nothing else


def is_part(tensor: Tensor) -> bool:
    """Say whether other ranks hold the rest of a tensor."""
    return isinstance(tensor, DTensor)


def own(tensor: Tensor) -> Tensor:
    """Return what this rank holds of a tensor; writing there writes to it."""
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


def parts_like(whole: Mapping[str, Tensor], likes: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Cut whole tensors as those of the same names are cut."""
    return {name: _part_like(tensor, likes.get(name)) for name, tensor in whole.items()}


def _part_like(whole: Tensor, like: Tensor | None) -> Tensor:
    if not isinstance(like, DTensor):
        return whole
    # Every rank has read the whole, so nothing is sent.
    return distribute_tensor(whole.to(like.device), like.device_mesh, like.placements, src_data_rank=None)


def clip_gradients(parameters: Sequence[nn.Parameter], limit: float) -> Tensor:
    """Limit the norm of all gradients together, those of parts on other ranks included; return it as it was."""
    groups = [group for group in by_holder(parameters) if group]
    if not any(is_part(group[0]) for group in groups):
        return torch.nn.utils.clip_grad_norm_(parameters, limit)
    gradients = [[p.grad for p in group if p.grad is not None] for group in groups]
    norms = [_whole(torch.nn.utils.get_total_norm(group)) for group in gradients]
    norm: Tensor = torch.linalg.vector_norm(torch.stack(norms))
    for group in gradients:
        scale = torch.clamp(limit / (norm + 1e-6), max=1.0)
        torch._foreach_mul_([own(gradient) for gradient in group], scale)
    return norm


def by_holder(parameters: Iterable[nn.Parameter]) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Return those that every rank holds, and those that are shared out."""
    found: tuple[list[nn.Parameter], list[nn.Parameter]] = ([], [])
    for parameter in parameters:
        found[is_part(parameter)].append(parameter)
    return found


def gather(module: nn.Module, *, keep: bool) -> None:
    """Collect all weights of a module that is not trained any more, for the ranks that `keep` them; all come here."""
    for part in module.modules():
        for name, parameter in list(part.named_parameters(recurse=False)):
            whole = _whole(parameter.detach())
            if keep and is_part(parameter):
                setattr(part, name, nn.Parameter(whole, requires_grad=parameter.requires_grad))


def _whole(tensor: Tensor) -> Tensor:
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor
