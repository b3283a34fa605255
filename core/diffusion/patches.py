"""Large latents in patches, as the published models do it: cut, run each patch, and lay the results over one another.

Rombach et al. (arXiv 2112.10752), section 4.3.2 and appendix D.1 (convolutional sampling beyond the training size); the
weights, which fall off towards the patches' borders, are those of the reference implementation ("split_input_params").
`core.diffusion.windows` is this project's own way, which needs no whole number of strides.
Letters: b batch, c channels, h and w the whole size, k height and width of a patch, s strides, n patches.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the customary name

from core.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Patches:
    """How a latent is cut; names of the reference in brackets.

    Attributes:
        size: k, height and width of a patch [ks].
        stride: s, from one patch to the next [stride]; patches must end where the whole does.
        least, most: Bounds of a weight within a patch [clip_min_weight, clip_max_weight].
        tie_breaker: Whether patches near the middle of the whole count more [tie_braker].
        least_tie, most_tie: Bounds of that weight [clip_min_tie_weight, clip_max_tie_weight].
    """

    size: tuple[int, int]
    stride: tuple[int, int]
    least: float = 0.01
    most: float = 0.5
    tie_breaker: bool = False
    least_tie: float = 0.01
    most_tie: float = 0.5

    def within(self, height: int, width: int) -> Patches:
        """Return the same for a whole that may be smaller than a patch."""
        size = (min(self.size[0], height), min(self.size[1], width))
        return self.scaled(1, size, (min(self.stride[0], height), min(self.stride[1], width)))

    def scaled(
        self, factor: int, size: tuple[int, int] | None = None, stride: tuple[int, int] | None = None
    ) -> Patches:
        """Return patches `factor` times as large, of another size or stride where these are given."""
        (k_h, k_w), (s_h, s_w) = size or self.size, stride or self.stride
        return Patches(
            size=(k_h * factor, k_w * factor), stride=(s_h * factor, s_w * factor), least=self.least, most=self.most,
            tie_breaker=self.tie_breaker, least_tie=self.least_tie, most_tie=self.most_tie,
        )  # fmt: skip

    def counts(self, height: int, width: int) -> tuple[int, int]:
        """Return how many patches there are, down and across.

        Raises:
            InputError: The last ones would leave a rest.
        """
        for length, k, s in zip((height, width), self.size, self.stride, strict=True):
            if length < k or (length - k) % s:
                near = k + max(0, round((length - k) / s)) * s
                raise InputError(
                    f"A side of {length} cells cannot be cut into patches of {k} every {s}.",
                    why="The last patch has to end where the picture does.",
                    fix=f"Use {near} cells, or windows, which fit any size.",
                )
        down, across = ((n - k) // s + 1 for n, k, s in zip((height, width), self.size, self.stride, strict=True))
        return down, across

    def weights(self, down: int, across: int) -> Tensor:
        """Return the weight of each cell in each of down * across patches, [k_h * k_w, n]."""
        weight = border_distance(*self.size).clamp(self.least, self.most).reshape(-1, 1).repeat(1, down * across)
        if not self.tie_breaker:
            return weight
        return weight * border_distance(down, across).clamp(self.least_tie, self.most_tie).reshape(1, -1)

    def overlap(self, height: int, width: int) -> Tensor:
        """Return the sum of all weights in each cell of the whole, [1, 1, h, w]."""
        weights = self.weights(*self.counts(height, width))
        return F.fold(weights[None], (height, width), self.size, stride=self.stride)


def border_distance(height: int, width: int) -> Tensor:
    """Return each cell's distance to the nearest border, as a share of the side's length, [height, width]."""
    y, x = (torch.arange(n) / (n - 1) if n > 1 else torch.full((n,), 0.5) for n in (height, width))
    near = torch.minimum(y[:, None], x)
    return torch.minimum(near, torch.minimum(1 - y[:, None], 1 - x))


def in_patches(run: Callable[..., Tensor], patches: Patches, x: Tensor, *maps: Tensor, factor: float = 1.0) -> Tensor:
    """Run a network on each patch of [b, c, h, w], and blend: [b, c', factor * h, factor * w].

    Args:
        run: Takes a patch [b, c, k, k] and the same part of each map; its result is `factor` times as large.
        patches: How x is cut.
        x: The whole.
        maps: Further inputs of the same height and width.
        factor: Size of a result; f when decoding, 1 / f when encoding.

    Raises:
        InputError: The size is none that the patches cover.
    """
    height, width = x.shape[-2:]
    patches = patches.within(height, width)
    down, across = patches.counts(height, width)
    out_size, out_stride = ((round(a * factor), round(b * factor)) for a, b in (patches.size, patches.stride))
    made = patches.scaled(1, out_size, out_stride)
    weights = made.weights(down, across).to(x)
    results = [run(*parts) for parts in zip(*(_cut(whole, patches) for whole in (x, *maps)), strict=True)]
    stacked = torch.stack([each.flatten(2) for each in results], dim=-1) * weights
    whole = (round(height * factor), round(width * factor))
    total = F.fold(stacked.flatten(1, 2), whole, out_size, stride=out_stride)
    return total / F.fold(weights[None], whole, out_size, stride=out_stride)


def _cut(x: Tensor, patches: Patches) -> list[Tensor]:
    columns = F.unfold(x, patches.size, stride=patches.stride)
    return list(columns.reshape(*x.shape[:2], *patches.size, -1).unbind(-1))
