"""The nodes around a mask."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.errors import InputError
from core.imaging.image import Image
from core.imaging.painted import pack
from nodes.mask import (
    color_sketch,
    composite,
    crop_to_mask,
    extend_canvas,
    fill_masked,
    mask_edge,
    paint_mask,
    resize_mask,
    stitch,
)


def picture() -> Image:
    return Image(torch.linspace(-1, 1, 3 * 32 * 48).view(1, 3, 32, 48))


def text() -> str:
    values = np.zeros((32, 48), np.uint8)
    values[10:20, 12:30] = 255
    return pack(values)


def test_a_painted_mask_is_that_of_its_text() -> None:
    mask = paint_mask(picture(), mask=text())
    assert mask.values.shape == (1, 1, 32, 48)
    assert int(mask.values.sum()) == 180
    assert not paint_mask(picture()).values.any()


def test_a_mask_of_another_size_and_an_empty_one_without_a_picture_are_refused() -> None:
    with pytest.raises(InputError, match="48 × 32 pixels, the picture 8 × 8"):
        paint_mask(Image(torch.zeros(1, 3, 8, 8)), mask=text())
    with pytest.raises(InputError, match="Nothing is painted"):
        paint_mask()
    assert resize_mask(paint_mask(mask=text()), width=24, height=16).values.shape[-2:] == (16, 24)


def test_edges_grow_then_soften_and_leave_the_original_alone() -> None:
    mask = paint_mask(mask=text())
    grown = mask_edge(mask, grow=2)
    assert int(grown.values.sum()) == 14 * 22
    soft = mask_edge(mask, feather=2.0)
    assert len(soft.values.unique()) > 10
    assert int(mask.values.sum()) == 180
    assert torch.equal(mask_edge(mask, inverted=True).values, 1 - mask.values)


def test_the_loop_changes_nothing_that_is_not_painted() -> None:
    source, mask = picture(), paint_mask(mask=text())
    crop = crop_to_mask(source, mask, width=64, height=64, padding=4)
    assert crop.image.pixels.shape[-2:] == (64, 64)
    changed = fill_masked(crop.image, crop.mask, fill="noise", seed=3)
    made = stitch(source, changed, crop.region, mask)
    kept = (mask.values == 0).expand_as(source.pixels)
    assert torch.equal(made.pixels[kept], source.pixels[kept])
    assert not torch.equal(made.pixels, source.pixels)
    assert torch.equal(composite(source, source, mask).pixels, source.pixels)


def test_an_extended_canvas_is_painted_where_it_is_new() -> None:
    wide = extend_canvas(picture(), right=16)
    assert wide.image.pixels.shape[-1] == 64
    assert int(wide.mask.values.sum()) == 16 * 32


def test_a_sketch_lies_over_the_picture_in_its_colours() -> None:
    values = np.zeros((32, 48), np.uint8)
    values[4:8, 10:20], values[20:24, 30:40] = 1, 2
    made = color_sketch(picture(), sketch=pack(values), colors="#ff0000, #0000FF")
    assert made.image.pixels[0, :, 5, 12].tolist() == [1.0, -1.0, -1.0]
    assert made.image.pixels[0, :, 22, 33].tolist() == [-1.0, -1.0, 1.0]
    kept = torch.from_numpy(values == 0)
    assert torch.equal(made.image.pixels[0, :, kept], picture().pixels[0, :, kept])
    assert torch.equal(made.mask.values[0, 0] == 0, kept)
    assert (color_sketch(sketch=pack(values), colors="#ff0000, #0000ff").image.pixels[0, :, 0, 0] == 1).all()
    assert torch.equal(color_sketch(picture()).image.pixels, picture().pixels)


@pytest.mark.parametrize(
    ("colors", "said"), [("#ff0000", "colour 2"), ("red, #0000ff", "no colour"), ("#000000," * 256, "256 colours")]
)
def test_a_palette_that_does_not_serve_is_refused(colors: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        color_sketch(sketch=pack(np.full((4, 4), 2, np.uint8)), colors=colors)


def test_a_sketch_of_another_size_is_refused() -> None:
    with pytest.raises(InputError, match="4 × 4 pixels, the picture 48 × 32"):
        color_sketch(picture(), sketch=pack(np.ones((4, 4), np.uint8)), colors="#ff0000")
