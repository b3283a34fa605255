"""Fitting, cutting and mirroring: everything that is known of a picture moves with its pixels."""

from __future__ import annotations

import numpy as np
import pytest

from core.conditioning.layout import Box
from training.data.buckets import make_buckets, nearest_bucket
from training.data.config import BucketConfig
from training.data.cutting import Look, covering, cut, look, mirror
from training.data.item import Item
from training.data.mirrored_words import mirrored


def item(width: int = 40, height: int = 20, caption: str = "a fox left of a frog") -> Item:
    """A white block with its box, mask and map, in the left half of a dark picture."""
    mask = np.zeros((height, width), np.bool_)
    mask[height // 4 : height // 2, width // 10 : width // 5] = True
    image = np.where(mask[..., None], 255, 20).astype(np.uint8).repeat(3, axis=2)
    box = Box(label="fox", x=0.1, y=0.25, width=0.1, height=0.25)
    return Item(image=image, caption=caption, boxes=(box,), mask=mask, semantic=mask.astype(np.uint8) * 7)


def extent(mask: np.ndarray) -> tuple[float, float, float, float]:
    """Edges of what is True, as fractions: x0, y0, x1, y1."""
    (ys, xs), (h, w) = np.nonzero(mask), mask.shape
    return xs.min() / w, ys.min() / h, (xs.max() + 1) / w, (ys.max() + 1) / h


def edges(box: Box) -> tuple[float, float, float, float]:
    return box.x, box.y, box.x + box.width, box.y + box.height


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("x", [0.0, 0.1])
def test_boxes_masks_and_maps_follow_the_pixels(turned: bool, x: float) -> None:
    made = cut(covering(item(), (40, 40)), (40, 40), Look(x=x, mirrored=turned))
    assert made.image.shape == (40, 40, 3)
    assert made.mask is not None
    assert made.semantic is not None
    assert extent(made.mask) == pytest.approx(edges(made.boxes[0]))
    assert extent(made.image[..., 0] > 128) == pytest.approx(edges(made.boxes[0]), abs=1 / 40)
    np.testing.assert_array_equal(made.semantic, made.mask * 7)
    assert made.caption == ("a fox right of a frog" if turned else "a fox left of a frog")


def test_a_box_outside_of_the_cut_is_left_out_and_one_at_the_edge_is_cut() -> None:
    assert cut(item(), (20, 20), Look(x=1.0)).boxes == ()
    (box,) = cut(item(), (20, 20), Look(x=0.3)).boxes  # 6 of 40 pixels are cut away, the block begins at 4
    assert edges(box) == pytest.approx((0, 0.25, 0.1, 0.5))


def test_scaling_covers_the_shape_and_mixes_no_indices() -> None:
    covered = covering(item(37, 21), (64, 64))
    assert min(covered.image.shape[:2]) == 64
    assert covered.mask is not None
    assert covered.semantic is not None
    assert covered.mask.shape == covered.semantic.shape == covered.image.shape[:2]
    assert set(np.unique(covered.semantic)) == {0, 7}
    assert covered.mask.dtype == np.bool_


def test_a_picture_of_the_right_size_is_not_touched() -> None:
    whole = item(32, 32)
    np.testing.assert_array_equal(cut(covering(whole, (32, 32)), (32, 32), Look()).image, whole.image)


def test_mirroring_twice_changes_nothing() -> None:
    once = mirror(item())
    twice = mirror(once)
    np.testing.assert_array_equal(twice.image, item().image)
    assert twice.caption == item().caption
    assert edges(twice.boxes[0]) == pytest.approx(edges(item().boxes[0]))


def test_a_caption_that_would_be_untrue_keeps_the_picture_as_it_is() -> None:
    kept = mirror(item(caption="a sign that says left"))
    np.testing.assert_array_equal(kept.image, item().image)
    assert kept.boxes == item().boxes


def test_a_cut_does_not_hold_the_large_picture() -> None:
    assert cut(item(400, 200), (20, 20), Look()).image.base is None


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("a fox to the left of a frog", "a fox to the right of a frog"),
        ("The fox is left of the frog", "The fox is right of the frog"),
        ("Left, a fox; RIGHT, a frog", "Right, a fox; LEFT, a frog"),
        ("the leftmost of three, its right-hand side", "the rightmost of three, its left-hand side"),
        ("a bright lefty in a copyright case", "a bright lefty in a copyright case"),
        ("", ""),
        ("a fox", "a fox"),
    ],
)
def test_left_and_right_change_places(caption: str, expected: str) -> None:
    assert mirrored(caption) == expected


@pytest.mark.parametrize(
    "caption",
    [
        "leftovers on a plate",
        "an empty house, left behind",
        "he has left",
        "right now",
        "human rights",
        "it reads HELLO",
    ],
)
def test_what_would_not_be_true_in_the_mirror_has_no_caption_there(caption: str) -> None:
    assert mirrored(caption) is None


def test_looks_are_functions_of_seed_epoch_and_index() -> None:
    def looks(seed: int) -> list[Look]:
        return [look(seed, epoch, index, random_crop=True, flip=True) for epoch in range(4) for index in range(50)]

    assert looks(1) == looks(1) != looks(2)
    assert len({(shown.x, shown.y) for shown in looks(1)}) == 200
    assert all(0 <= shown.x < 1 and 0 <= shown.y < 1 for shown in looks(1))


def test_every_item_is_mirrored_in_every_other_epoch() -> None:
    turned = [[look(3, e, i, random_crop=False, flip=True).mirrored for i in range(200)] for e in range(2)]
    assert all(first != second for first, second in zip(*turned, strict=True))
    assert 70 < sum(turned[0]) < 130


def test_without_cuts_and_flips_there_is_one_look() -> None:
    assert {look(1, epoch, 0, random_crop=False, flip=False) for epoch in range(5)} == {Look()}


@pytest.mark.parametrize(("size", "step", "widest"), [(256, 64, 2.0), (512, 64, 4.0), (64, 8, 1.5), (96, 32, 3.0)])
def test_buckets_are_multiples_within_the_area_and_the_ratio(size: int, step: int, widest: float) -> None:
    buckets = make_buckets(size, BucketConfig(widest=widest, step=step))
    assert (size, size) in buckets
    assert len(buckets) > 2
    for w, h in buckets:
        assert w % step == h % step == 0
        assert w * h <= size * size
        assert max(w, h) / min(w, h) <= widest
        assert (h, w) in buckets


def test_squares_only_by_default() -> None:
    assert make_buckets(100, BucketConfig()) == ((100, 100),)


def test_a_picture_goes_to_the_bucket_of_its_shape() -> None:
    buckets = make_buckets(256, BucketConfig(widest=2, step=64))
    assert [nearest_bucket(buckets, *size) for size in buckets] == list(range(len(buckets)))
    assert buckets[nearest_bucket(buckets, 1000, 990)] == (256, 256)
    assert nearest_bucket(buckets, 4000, 100) == len(buckets) - 1
