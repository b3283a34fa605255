"""The loop around a mask: what is not painted stays bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.errors import InputError
from core.imaging.image import Image, from_uint8
from core.imaging.inpainting import FILLS, composite, extended, filled, region_around, resized, stitched
from core.imaging.mask import Mask, painted_mask
from core.imaging.painted import pack


def picture(seed: int, height: int = 40, width: int = 56) -> Image:
    random = np.random.default_rng(seed)
    return Image(from_uint8(random.integers(0, 256, (1, height, width, 3), dtype=np.uint8)))


def random_mask(seed: int, height: int = 40, width: int = 56) -> Mask:
    """A few soft and hard patches, as a brush leaves them."""
    random = np.random.default_rng(seed)
    values = np.zeros((height, width), np.uint8)
    for _ in range(int(random.integers(0, 5))):
        y, x = random.integers(0, height), random.integers(0, width)
        values[y : y + random.integers(1, 20), x : x + random.integers(1, 20)] = random.integers(1, 256)
    return painted_mask(pack(values)).feathered(float(random.integers(0, 3)))


@pytest.mark.parametrize("block", range(4))
def test_untouched_pixels_equal_the_source_bit_for_bit(block: int) -> None:
    for seed in range(50 * block, 50 * block + 50):
        source, changed, mask = picture(seed), picture(seed + 1000), random_mask(seed)
        made = composite(source, changed, mask)
        kept = (mask.values == 0).expand_as(source.pixels)
        assert torch.equal(made.pixels[kept], source.pixels[kept])
        whole = (mask.values == 1).expand_as(source.pixels)
        assert torch.equal(made.pixels[whole], changed.pixels[whole])
        assert np.array_equal(made.to_uint8()[kept[0, 0].numpy()[None]], source.to_uint8()[kept[0, 0].numpy()[None]])


@pytest.mark.parametrize("fill", FILLS)
def test_fills_change_only_what_is_painted(fill: str) -> None:
    source, mask = picture(1), Mask(torch.zeros(1, 1, 40, 56))
    mask.values[..., 10:30, 10:40] = 1
    made = filled(source, mask, fill, seed=3)
    kept = (mask.values == 0).expand_as(source.pixels)
    assert torch.equal(made.pixels[kept], source.pixels[kept])
    assert torch.equal(made.pixels, source.pixels) == (fill == "original")
    assert float(made.pixels.abs().max()) <= 1


def test_blur_and_border_continue_an_even_surrounding_exactly() -> None:
    even = Image(torch.full((1, 3, 33, 47), 0.25))
    mask = Mask(torch.zeros(1, 1, 33, 47))
    mask.values[..., 5:30, 7:40] = 1
    for fill in ("blur", "border"):
        assert torch.allclose(filled(even, mask, fill).pixels, even.pixels, atol=1e-6)


def test_border_takes_the_nearest_pixel() -> None:
    source, mask = picture(2), Mask(torch.zeros(1, 1, 40, 56))
    mask.values[..., :, 20:40] = 1
    made = filled(source, mask, "border")
    assert torch.equal(made.pixels[..., 22], source.pixels[..., 19])
    assert torch.equal(made.pixels[..., 38], source.pixels[..., 40])


def test_a_wholly_painted_picture_has_nothing_to_continue() -> None:
    with pytest.raises(InputError, match="whole picture"):
        filled(picture(1), Mask(torch.ones(1, 1, 40, 56)), "blur")


def test_a_crop_that_is_stitched_back_unchanged_gives_the_picture() -> None:
    source, mask = picture(4), Mask(torch.zeros(1, 1, 40, 56))
    mask.values[..., 12:20, 14:22] = 1
    region = region_around(mask, 4, 1.0)
    assert (region.width, region.height) == (16, 16)
    assert torch.equal(stitched(source, Image(region.of(source.pixels)), region, mask).pixels, source.pixels)
    other = stitched(source, Image(torch.ones(1, 3, 64, 64)), region, mask)
    assert (other.pixels[..., 12:20, 14:22] == 1).all()
    kept = (mask.values == 0).expand_as(source.pixels)
    assert torch.equal(other.pixels[kept], source.pixels[kept])


def test_a_region_stays_in_the_picture_and_has_the_shape_asked_for_where_there_is_room() -> None:
    mask = Mask(torch.zeros(1, 1, 40, 56))
    mask.values[..., 0, 55] = 1
    region = region_around(mask, 8, 2.0)
    assert (region.left + region.width, region.top) == (56, 0)
    assert region.width == 2 * region.height
    with pytest.raises(InputError, match="Nothing is painted"):
        region_around(Mask(torch.zeros(1, 1, 4, 4)), 8, 1.0)


def test_extending_repeats_the_edge_and_paints_what_is_new() -> None:
    source = picture(5)
    wide, mask = extended(source, 8, 0, 16, 4)
    assert wide.pixels.shape[-2:] == (44, 80)
    assert torch.equal(wide.pixels[..., :40, 8:64], source.pixels)
    assert not mask.values[..., :40, 8:64].any()
    assert int(mask.values.sum()) == 44 * 80 - 40 * 56


def test_sizes_that_differ_are_refused_with_both_named() -> None:
    with pytest.raises(InputError, match="8 × 8 pixels, the picture 56 × 40"):
        composite(picture(1), picture(2), Mask(torch.zeros(1, 1, 8, 8)))
    with pytest.raises(InputError, match="The changed picture is 8 × 8"):
        composite(picture(1), picture(2, 8, 8), Mask(torch.zeros(1, 1, 40, 56)))


def test_the_same_size_is_not_resampled() -> None:
    pixels = picture(6).pixels
    assert resized(pixels, 40, 56) is pixels
