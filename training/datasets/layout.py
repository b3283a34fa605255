"""Where the things of a scene go: one anywhere that suits the background, two or three in a row or a column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.datasets.backgrounds import Setting
from training.datasets.captions import Arrangement

MARGIN = 0.03  # of the picture that stays free at every edge
GAP = 0.03  # at least between two things
LOWEST = 0.94  # the lowest foot of a standing thing
Extent = tuple[float, float, float, float]


@dataclass(frozen=True)
class Placement:
    """A sticker's square and the visible part in it, all as fractions of the picture.

    Attributes:
        left: Left edge of the square sticker.
        top: Its top edge.
        side: Its side.
        box: Edges of the visible part: x0, y0, x1, y1.
    """

    left: float
    top: float
    side: float
    box: Extent


def arrange(
    rng: np.random.Generator, extents: Sequence[Extent], scale: tuple[float, float], setting: Setting
) -> tuple[Arrangement, list[Placement]]:
    """Place one to three things so that none leaves the picture or overlaps another.

    Args:
        rng: Source of the layout.
        extents: The visible part of each square sticker as fractions of its side.
        scale: Smallest and largest side.
        setting: Says whether things stand on a ground; those that stand are never put above one another.

    Returns:
        The arrangement and the placements in reading order.
    """
    sides = [float(side) for side in rng.uniform(*scale, size=len(extents))]
    column = not setting.standing and len(extents) == 2 and bool(rng.random() < 0.5)
    axis = 1 if column else 0
    along = [side * (extent[axis + 2] - extent[axis]) for side, extent in zip(sides, extents, strict=True)]
    room = 1 - 2 * MARGIN - GAP * (len(extents) - 1)
    shrink = min(1.0, room / sum(along))
    sides, along = [side * shrink for side in sides], [length * shrink for length in along]
    starts = _spread(rng, along, room)
    across = [side * (extent[3 - axis] - extent[1 - axis]) for side, extent in zip(sides, extents, strict=True)]
    others = [_across(rng, length, setting, column) for length in across]
    corners = list(zip(others, starts, strict=True)) if column else list(zip(starts, others, strict=True))
    placements = [_placed(x, y, side, extent) for (x, y), side, extent in zip(corners, sides, extents, strict=True)]
    return ("single" if len(extents) == 1 else "column" if column else "row"), placements


def _spread(rng: np.random.Generator, lengths: Sequence[float], room: float) -> list[float]:
    """Return starts of intervals of the given lengths, in order, with the free room shared out at random."""
    shares = rng.dirichlet(np.full(len(lengths) + 1, 2.0)) * max(0.0, room - sum(lengths))
    starts, position = [], MARGIN
    for share, length in zip(shares, lengths, strict=False):
        position += float(share)
        starts.append(position)
        position += length + GAP
    return starts


def _across(rng: np.random.Generator, length: float, setting: Setting, column: bool) -> float:
    """Return the start of a thing on the other axis: its foot on the ground, or anywhere that fits."""
    draw = float(rng.random())
    if setting.standing:
        return setting.ground + draw * (LOWEST - setting.ground) - length if not column else draw
    free = max(0.0, 1 - 2 * MARGIN - length)
    return MARGIN + free * (0.25 + 0.5 * draw if not column else draw)


def _placed(x: float, y: float, side: float, extent: Extent) -> Placement:
    """Return the placement whose visible part begins at (x, y), moved down where it would leave the top."""
    y = max(y, MARGIN)
    left, top = x - extent[0] * side, y - extent[1] * side
    box = (x, y, left + extent[2] * side, top + extent[3] * side)
    return Placement(left, top, side, box)
