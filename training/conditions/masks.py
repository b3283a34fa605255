"""Random masks for inpainting: boxes and thick strokes.

Suvorov et al., "Resolution-robust Large Mask Inpainting" (arXiv 2109.07161), section 2.3 and figure 3, whose masks
Rombach et al. (arXiv 2112.10752), section 4.5 and appendix E.2.2, train with: either the union of a few boxes of
arbitrary sides, or polygonal chains dilated by a large random width.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

BOXES, STROKES, TURNS = (1, 3), (1, 3), (2, 6)
"""Fewest and most boxes, strokes, and parts of a stroke."""
SIDE = (0.15, 0.6)  # of a box, as shares of the picture's
WIDTH, LENGTH = (0.1, 0.3), (0.1, 0.5)  # of a stroke and of its parts, as shares of the picture's shorter side
DRAWS = 64  # random numbers that the most complicated mask takes, and some


def random_mask(height: int, width: int, box_share: float, stream: torch.Generator) -> Tensor:
    """Return a mask [1, h, w], float32: 1 = painted, to be filled; never nothing and never all.

    Args:
        height, width: In pixels, at least 4.
        box_share: Probability of boxes rather than strokes.
        stream: Decides the mask.
    """
    draws = iter(torch.rand(DRAWS, generator=stream).tolist())
    made = _boxes if next(draws) < box_share else _strokes
    mask = made(height, width, draws)
    mask[height // 2, width // 2] |= not mask.any()
    mask[0, 0] &= not mask.all()
    return mask.float()[None]


def _boxes(height: int, width: int, draws: Iterator[float]) -> Tensor:
    mask = torch.zeros(height, width, dtype=torch.bool)
    for _ in range(_whole(draws, BOXES)):
        h, w = (max(1, round(_between(draws, SIDE) * side)) for side in (height, width))
        top, left = (int(next(draws) * (side - part + 1)) for side, part in ((height, h), (width, w)))
        mask[top : top + h, left : left + w] = True
    return mask


def _strokes(height: int, width: int, draws: Iterator[float]) -> Tensor:
    """Paint what lies within half a stroke's width of a chain of lines."""
    shorter = min(height, width)
    lines = []
    for _ in range(_whole(draws, STROKES)):
        radius = _between(draws, WIDTH) * shorter / 2
        y, x, angle = next(draws) * height, next(draws) * width, next(draws) * 2 * math.pi
        for _ in range(_whole(draws, TURNS)):
            angle += (next(draws) - 0.5) * math.pi
            length = _between(draws, LENGTH) * shorter
            to_y = min(max(y + length * math.sin(angle), 0), height)
            to_x = min(max(x + length * math.cos(angle), 0), width)
            lines.append((y, x, to_y, to_x, radius))
            y, x = to_y, to_x
    return _near(torch.tensor(lines), height, width)


def _near(lines: Tensor, height: int, width: int) -> Tensor:
    """Return where a pixel lies near a line, [h, w]; a line is y, x of its ends, and how far "near" is: [n, 5]."""
    start_y, start_x, end_y, end_x, radius = lines[:, :, None, None].unbind(1)
    y, x = (torch.arange(side) + 0.5 for side in (height, width))
    from_y, from_x = y[None, :, None] - start_y, x[None, None, :] - start_x
    dy, dx = end_y - start_y, end_x - start_x
    along = ((from_y * dy + from_x * dx) / (dy * dy + dx * dx).clamp(min=1e-12)).clamp(0, 1)
    distance = (from_y - along * dy).square() + (from_x - along * dx).square()
    return (distance <= radius * radius).any(0)


def _between(draws: Iterator[float], bounds: tuple[float, float]) -> float:
    return bounds[0] + next(draws) * (bounds[1] - bounds[0])


def _whole(draws: Iterator[float], bounds: tuple[int, int]) -> int:
    return bounds[0] + int(next(draws) * (bounds[1] - bounds[0] + 1))
