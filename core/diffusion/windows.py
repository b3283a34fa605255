"""Denoising canvases of any size through overlapping windows of the size that the network was trained for.

Bar-Tal et al., "MultiDiffusion" (arXiv 2302.08113): at each step the network looks through every window, and where
windows overlap, the weighted average of what it says is taken, which is the least-squares fusion of all of them. Memory
grows with the canvas only by its latent.
Without windows, the convolutional UNet takes larger canvases as well (Rombach et al., arXiv 2112.10752, section 4.3.2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from core.conditioning.conditioning import Conditioning
from core.diffusion.guidance import ConditionalModel


@dataclass(frozen=True)
class Windows:
    """How a canvas is cut.

    Attributes:
        size: Height and width of a window, in latent cells.
        overlap: Least share of a window that it has in common with the next, from 0 to below 1.
        on_window: Called before each window; may raise to stop.
    """

    size: int
    overlap: float = 0.5
    on_window: Callable[[], None] | None = None

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError(f"size must be at least 1; got {self.size}.")
        if not 0 <= self.overlap < 1:
            raise ValueError(f"overlap must be at least 0 and below 1; got {self.overlap}.")

    def starts(self, length: int) -> list[int]:
        """Return where windows begin along a side of `length` cells; they cover it all and none sticks out."""
        if length <= self.size:
            return [0]
        stride = max(1, int(self.size * (1 - self.overlap)))
        count = -(-(length - self.size) // stride) + 1
        return [round(i * (length - self.size) / (count - 1)) for i in range(count)]


def windowed(model: ConditionalModel, windows: Windows) -> ConditionalModel:
    """Wrap a network so that it sees at most one window of [b, c, size, size] at a time; one that fits is untouched."""

    def output(x_t: Tensor, t: Tensor, condition: Conditioning) -> Tensor:
        tops, lefts = (windows.starts(length) for length in x_t.shape[-2:])
        if len(tops) == len(lefts) == 1:
            return model(x_t, t, condition)
        total: Tensor | None = None
        weights = x_t.new_zeros(x_t.shape[-2:], dtype=torch.float32)
        for rows in (slice(top, top + windows.size) for top in tops):
            for columns in (slice(left, left + windows.size) for left in lefts):
                if windows.on_window is not None:
                    windows.on_window()
                seen = model(x_t[..., rows, columns], t, _cut(condition, rows, columns)).float()
                weight = _tent(seen.shape[-2], seen.device)[:, None] * _tent(seen.shape[-1], seen.device)
                if total is None:
                    total = seen.new_zeros(*seen.shape[:2], *x_t.shape[-2:])
                total[..., rows, columns] += weight * seen
                weights[rows, columns] += weight
        assert total is not None
        return (total / weights).to(x_t.dtype)

    return output


def _cut(condition: Conditioning, rows: slice, columns: slice) -> Conditioning:
    """Return what of a condition is seen through a window: the part of its map."""
    if condition.concat is None:
        return condition
    return replace(condition, concat=condition.concat[..., rows, columns])


def _tent(length: int, device: torch.device) -> Tensor:
    """Return weights that rise evenly from the edges of a window to its middle, all above 0, [length]."""
    place = torch.arange(length, device=device, dtype=torch.float32)
    return torch.minimum(place + 1, length - place) / ((length + 1) // 2)
