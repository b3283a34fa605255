"""Sinusoidal embedding of diffusion times.

Ho et al., "Denoising Diffusion Probabilistic Models" (arXiv 2006.11239), appendix B, after the position
encoding of Vaswani et al. (arXiv 1706.03762), section 3.5.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def timestep_embedding(t: Tensor, dim: int, max_period: float = 10000.0) -> Tensor:
    """Embed times as cosines and sines of geometrically spaced frequencies.

    Args:
        t: Times in steps, [b], integers or fractions.
        dim: Width of the embedding; an odd width ends with a zero.
        max_period: Longest period, in steps.

    Returns:
        [b, dim], float32: first the cosines, then the sines.
    """
    half = dim // 2
    frequencies = torch.exp(-math.log(max_period) * torch.arange(half, dtype=torch.float32, device=t.device) / half)
    angles = t[:, None].float() * frequencies[None]
    embedding = torch.cat([torch.cos(angles), torch.sin(angles)], dim=-1)
    if dim % 2:
        embedding = torch.nn.functional.pad(embedding, (0, 1))
    return embedding


def sine_first_embedding(t: Tensor, dim: int, max_period: float = 10000.0) -> Tensor:
    """Embed times [b] as `timestep_embedding` does, in the layout of arXiv 2006.11239's own code: [b, dim], float32.

    Sines come first, and the longest period is reached at the last frequency.
    """
    half = dim // 2
    step = -math.log(max_period) / (half - 1)
    angles = t[:, None].float() * torch.exp(torch.arange(half, dtype=torch.float32, device=t.device) * step)[None]
    return torch.nn.functional.pad(torch.cat([torch.sin(angles), torch.cos(angles)], dim=-1), (0, dim % 2))
