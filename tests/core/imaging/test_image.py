"""Pictures as tensors and as bytes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.imaging.image import Image, from_uint8, to_uint8


def test_every_byte_survives_the_way_there_and_back() -> None:
    pixels = np.arange(768, dtype=np.uint8).reshape(1, 16, 16, 3)
    tensor = from_uint8(pixels)
    assert (tensor.min().item(), tensor.max().item()) == (-1, 1)
    assert np.array_equal(to_uint8(tensor), pixels)


def test_what_is_outside_is_clipped() -> None:
    assert to_uint8(torch.tensor([-3.0, 0.0, 3.0]).reshape(1, 3, 1, 1)).ravel().tolist() == [0, 128, 255]


@pytest.mark.parametrize(("count", "text"), [(1, "7 × 5 pixels"), (3, "3 pictures of 7 × 5 pixels")])
def test_a_picture_sums_itself_up(count: int, text: str) -> None:
    image = Image(torch.zeros(count, 3, 5, 7))
    assert image.loom_summary() == text
    assert image.to_uint8().shape == (count, 5, 7, 3)
