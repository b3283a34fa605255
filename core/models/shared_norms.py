"""Group norms that see the whole picture while the network sees a tile.

A group norm (Wu and He, arXiv 1803.08494, equation 7) divides by the mean and deviation of all it is given: tiles
normalized each by its own differ in colour and contrast. Here the statistics come from a small copy of the whole
picture, and each norm becomes the fixed affine map that they make of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class FixedNorm(nn.Module):
    """A group norm with given statistics: x * scale + shift, [c] each."""

    def __init__(self, norm: nn.GroupNorm, mean: Tensor, variance: Tensor) -> None:
        """Fix `norm` at the mean and variance of each group, [groups] each, float32."""
        super().__init__()
        size = norm.num_channels // norm.num_groups
        scale = (variance + norm.eps).rsqrt().repeat_interleave(size) * norm.weight.float()
        self.scale, self.shift = scale, norm.bias.float() - mean.repeat_interleave(size) * scale

    def forward(self, x: Tensor) -> Tensor:
        """Normalize [b, c, h, w]; in float32 whatever x is, as the two terms may cancel."""
        return torch.addcmul(self.shift[:, None, None], x.float(), self.scale[:, None, None]).to(x.dtype)


@contextmanager
def shared_norms(module: nn.Module, function: Callable[[Tensor], Tensor], sample: Tensor) -> Iterator[None]:
    """Run `function(sample)`, then keep every group norm of `module` that it passed at the statistics seen there.

    Args:
        module: Holds the norms; not to be used by other threads meanwhile.
        function: Calls the module, or a part of it.
        sample: A small copy of the whole, [1, c, h, w].
    """
    fixed: dict[nn.GroupNorm, FixedNorm] = {}

    def record(norm: nn.Module, given: tuple[Tensor]) -> None:
        assert isinstance(norm, nn.GroupNorm)
        groups = given[0].float().reshape(norm.num_groups, -1)
        fixed[norm] = FixedNorm(norm, groups.mean(dim=1), groups.var(dim=1, unbiased=False))

    places = [(owner, name, norm) for owner in module.modules() for name, norm in owner.named_children()
              if isinstance(norm, nn.GroupNorm)]  # fmt: skip
    hooks = [norm.register_forward_pre_hook(record) for _, _, norm in places]
    try:
        function(sample)
    finally:
        for hook in hooks:
            hook.remove()
    try:
        for owner, name, norm in places:
            setattr(owner, name, fixed.get(norm, norm))
        yield
    finally:
        for owner, name, norm in places:
            setattr(owner, name, norm)
