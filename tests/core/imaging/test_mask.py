"""Masks and semantic maps made from pictures."""

from __future__ import annotations

import torch

from core.imaging.image import Image
from core.imaging.mask import Mask, mask_of
from core.imaging.semantic_map import semantic_map_of


def dot() -> Mask:
    values = torch.zeros(1, 1, 7, 7)
    values[..., 3, 3] = 1
    return Mask(values)


def test_bright_parts_are_painted() -> None:
    pixels = torch.tensor([-1.0, -0.2, 0.2, 1.0]).expand(1, 3, 1, 4)
    assert mask_of(Image(pixels)).values.flatten().tolist() == [0, 0, 1, 1]
    assert mask_of(Image(pixels), 0.3).values.flatten().tolist() == [0, 1, 1, 1]
    assert mask_of(Image(pixels)).inverted().values.flatten().tolist() == [1, 1, 0, 0]


def test_growing_and_shrinking_are_each_others_inverse_for_a_square() -> None:
    grown = dot().grown(2)
    assert int(grown.values.sum()) == 25
    assert torch.equal(grown.grown(-2).values, dot().values)
    assert torch.equal(dot().grown(0).values, dot().values)
    assert not dot().grown(-1).values.any()


def test_a_smaller_mask_takes_the_nearest_pixels() -> None:
    half = Mask(torch.tensor([[1.0, 1.0, 0.0, 0.0]] * 4)[None, None]).resized(2, 2)
    assert half.values.flatten().tolist() == [1, 0, 1, 0]
    assert half.loom_summary() == "2 × 2 pixels, 50% painted"


def test_the_red_value_of_a_picture_is_its_class() -> None:
    pixels = torch.zeros(1, 3, 1, 3)
    pixels[0, 0, 0] = torch.tensor([0, 7, 255]) / 127.5 - 1
    found = semantic_map_of(Image(pixels))
    assert found.labels.tolist() == [[[0, 7, 255]]]
    assert found.loom_summary() == "3 × 1 pixels, 3 classes"
    assert found.one_hot(256).argmax(1).tolist() == found.labels.tolist()
