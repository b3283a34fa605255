"""Random masks for inpainting: boxes and thick strokes.

Suvorov et al., "Resolution-robust Large Mask Inpainting" (arXiv 2109.07161), section 2.3 and figure 3, whose masks
Rombach et al. (arXiv 2112.10752), section 4.5 and appendix E.2.2, train with: either the union of a few boxes of
arbitrary sides, or polygonal chains dilated by a large random width.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

BOXES, STROKES, TURNS = (1, 3), (1, 3), (2, 6)
"""Fewest and most boxes, strokes, and parts of a stroke."""
SIDE = (0.15, 0.6)  # of a box, as shares of the picture's
WIDTH, LENGTH = (0.1, 0.3), (0.1, 0.5)  # of a stroke and of its parts, as shares of the picture's shorter side


def random_mask(height: int, width: int, box_share: float, stream: torch.Generator) -> Tensor:
    """Return a mask [1, h, w], float32: 1 = painted, to be filled; never nothing and never all.

    Args:
        height, width: In pixels, at least 4.
        box_share: Probability of boxes rather than strokes.
        stream: Decides the mask.
    """
    boxes = _uniform(stream) < box_share
    mask = _boxes(height, width, stream) if boxes else _strokes(height, width, stream)
    mask[height // 2, width // 2] |= not mask.any()
    mask[0, 0] &= not mask.all()
    return mask.float()[None]


def _boxes(height: int, width: int, stream: torch.Generator) -> Tensor:
    mask = torch.zeros(height, width, dtype=torch.bool)
    for _ in range(_whole(stream, BOXES)):
        h, w = (max(1, round(_between(stream, SIDE) * side)) for side in (height, width))
        top, left = (int(_uniform(stream) * (side - part + 1)) for side, part in ((height, h), (width, w)))
        mask[top : top + h, left : left + w] = True
    return mask


def _strokes(height: int, width: int, stream: torch.Generator) -> Tensor:
    """Paint what lies within half a stroke's width of a chain of lines."""
    shorter = min(height, width)
    y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    mask = torch.zeros(height, width, dtype=torch.bool)
    for _ in range(_whole(stream, STROKES)):
        radius = _between(stream, WIDTH) * shorter / 2
        from_y, from_x = _uniform(stream) * height, _uniform(stream) * width
        angle = _uniform(stream) * 2 * math.pi
        for _ in range(_whole(stream, TURNS)):
            angle += (_uniform(stream) - 0.5) * math.pi
            length = _between(stream, LENGTH) * shorter
            to_y = min(max(from_y + length * math.sin(angle), 0), height)
            to_x = min(max(from_x + length * math.cos(angle), 0), width)
            mask |= _distance(y, x, (from_y, from_x), (to_y, to_x)) <= radius
            from_y, from_x = to_y, to_x
    return mask


def _distance(y: Tensor, x: Tensor, start: tuple[float, float], end: tuple[float, float]) -> Tensor:
    """Return the distance of points to the line between two points."""
    dy, dx = end[0] - start[0], end[1] - start[1]
    along = ((y - start[0]) * dy + (x - start[1]) * dx) / max(dy * dy + dx * dx, 1e-12)
    along = along.clamp(0, 1)
    return torch.hypot(y - start[0] - along * dy, x - start[1] - along * dx)


def _uniform(stream: torch.Generator) -> float:
    return float(torch.rand((), generator=stream))


def _between(stream: torch.Generator, bounds: tuple[float, float]) -> float:
    return bounds[0] + _uniform(stream) * (bounds[1] - bounds[0])


def _whole(stream: torch.Generator, bounds: tuple[int, int]) -> int:
    return int(torch.randint(bounds[0], bounds[1] + 1, (), generator=stream))
