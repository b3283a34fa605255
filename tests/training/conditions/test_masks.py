"""Random masks: as their stream says, of both kinds, and always a part of the picture."""

from __future__ import annotations

import torch

from core.randomness import generator
from training.conditions.masks import random_mask


def masks(box_share: float, count: int = 60, height: int = 24, width: int = 32) -> torch.Tensor:
    return torch.stack([random_mask(height, width, box_share, generator("mask", index)) for index in range(count)])


def test_a_stream_decides_its_mask() -> None:
    assert torch.equal(masks(0.5), masks(0.5))
    assert len({mask.numpy().tobytes() for mask in masks(0.5)}) == 60


def test_a_mask_covers_some_of_the_picture_and_never_all() -> None:
    for share in (0.0, 1.0):
        made = masks(share)
        assert made.shape == (60, 1, 24, 32)
        assert set(made.unique().tolist()) == {0.0, 1.0}
        covered = made.mean((1, 2, 3))
        assert float(covered.min()) > 0
        assert float(covered.max()) < 1
        assert 0.1 < float(covered.mean()) < 0.5


def test_small_pictures_have_masks_too() -> None:
    covered = masks(0.5, height=4, width=4).mean((1, 2, 3))
    assert bool(((covered > 0) & (covered < 1)).all())


def test_boxes_have_straight_edges_and_strokes_do_not() -> None:
    def corners(mask: torch.Tensor) -> int:
        """Count the places where exactly one or three of four neighbouring pixels are painted."""
        four = mask[:, 1:, 1:] + mask[:, :-1, 1:] + mask[:, 1:, :-1] + mask[:, :-1, :-1]
        return int(((four == 1) | (four == 3)).sum())

    boxes, strokes = (sum(corners(mask) for mask in masks(share)) for share in (1.0, 0.0))
    assert boxes < 60 * 12
    assert strokes > 2 * boxes
