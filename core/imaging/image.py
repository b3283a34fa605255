"""The picture value that nodes pass on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Image:
    """A batch of RGB pictures: `pixels` [b, 3, h, w], float32 in [-1, 1]."""

    pixels: Tensor

    def to_uint8(self) -> Pixels:
        """Return [b, h, w, 3], uint8."""
        return to_uint8(self.pixels)

    def loom_summary(self) -> str:
        """Return a line for people."""
        b, _, h, w = self.pixels.shape
        return f"{w} × {h} pixels" if b == 1 else f"{b} pictures of {w} × {h} pixels"


def to_uint8(pixels: Tensor) -> Pixels:
    """Turn [b, 3, h, w] in [-1, 1] into [b, h, w, 3] uint8, clipping what is outside."""
    scaled = ((pixels.detach().float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return scaled.permute(0, 2, 3, 1).contiguous().cpu().numpy()


def from_uint8(pixels: Pixels) -> Tensor:
    """Turn [b, h, w, 3] uint8 into [b, 3, h, w] float32 in [-1, 1]."""
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2).float() / 127.5 - 1
