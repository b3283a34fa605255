"""Scenes: a pure function of seed and config whose boxes, masks, map and caption tell the truth."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from core.errors import InputError
from training.datasets.backgrounds import SEMANTIC_CLASSES, SETTINGS
from training.datasets.captions import canonical_caption
from training.datasets.scenes import SceneConfig, make_scene
from training.datasets.stickers import STYLES

MIXED = SceneConfig(size=64, styles=STYLES, counts=((1, 0.4), (2, 0.4), (3, 0.2)))
CANONICAL = dataclasses.replace(MIXED, detail="canonical", styles=("fluent",))


@pytest.mark.parametrize("seed", [0, 7, -1, -7, 2**40])
def test_same_seed_gives_the_same_bytes(seed: int) -> None:
    first, second = make_scene(seed, MIXED), make_scene(seed, MIXED)
    np.testing.assert_array_equal(first.image, second.image)
    np.testing.assert_array_equal(first.semantic, second.semantic)
    assert (first.caption, first.boxes) == (second.caption, second.boxes)


def test_seeds_give_different_scenes() -> None:
    pictures = {make_scene(seed, MIXED).image.tobytes() for seed in range(-20, 20)}
    assert len(pictures) == 40


@pytest.mark.parametrize("size", [48, 96, 128])
def test_layout_is_the_same_at_every_size(size: int) -> None:
    other = dataclasses.replace(MIXED, size=size)
    for seed in range(12):
        small, large = make_scene(seed, MIXED), make_scene(seed, other)
        assert (small.caption, small.boxes, small.background) == (large.caption, large.boxes, large.background)
        assert large.image.shape == (size, size, 3)
        shares = [masks.mean(axis=(1, 2)) for masks in (small.masks, large.masks)]
        np.testing.assert_allclose(shares[0], shares[1], rtol=0.08)


def test_picture_at_double_size_averages_to_the_picture() -> None:
    for seed in range(6):
        small = make_scene(seed, MIXED).image.astype(np.float64)
        large = make_scene(seed, dataclasses.replace(MIXED, size=128)).image.astype(np.float64)
        halved = large.reshape(64, 2, 64, 2, 3).mean(axis=(1, 3))
        assert np.abs(halved - small).mean() < 3


def test_boxes_lie_inside_and_match_the_masks() -> None:
    config = dataclasses.replace(MIXED, size=256)  # large, for whiskers and tips are lost in small masks
    for seed in range(24):
        scene = make_scene(seed, config)
        assert scene.masks.shape == (len(scene.boxes), 256, 256)
        for box, mask in zip(scene.boxes, scene.masks, strict=True):
            rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
            measured = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]) / 256
            np.testing.assert_allclose(measured, [box.x0, box.y0, box.x1, box.y1], atol=2 / 256)
            assert 0 <= box.x0 < box.x1 <= 1
            assert 0 <= box.y0 < box.y1 <= 1


def test_things_do_not_overlap_and_stand_in_reading_order() -> None:
    for seed in range(150):
        scene = make_scene(seed, MIXED)
        assert scene.masks.sum(axis=0).max() <= 1
        for first, second in zip(scene.boxes, scene.boxes[1:], strict=False):
            if scene.arrangement == "column":
                assert first.y1 < second.y0
                assert not SETTINGS[scene.background].standing
            else:
                assert first.x1 < second.x0


def test_caption_names_the_boxes_in_their_order_with_mirroring_too() -> None:
    for seed in range(150):
        scene = make_scene(seed, CANONICAL)
        labels = [box.label for box in scene.boxes]
        assert scene.caption == canonical_caption(labels, scene.background, scene.arrangement)


def test_semantic_map_is_valid_and_marks_the_things() -> None:
    for seed in range(30):
        scene = make_scene(seed, MIXED)
        assert scene.semantic.dtype == np.uint8
        assert scene.semantic.max() < len(SEMANTIC_CLASSES)
        marked = scene.semantic == SEMANTIC_CLASSES.index("object")
        np.testing.assert_array_equal(marked, scene.masks.any(axis=0))


def test_thing_stands_out_from_what_is_around_it() -> None:
    config = SceneConfig(size=64, styles=STYLES, counts=((1, 1.0),))
    for seed in range(150):
        scene = make_scene(seed, config)
        mask = scene.masks[0]
        inside, outside = scene.image[mask].astype(float), scene.image[~mask].astype(float)
        spread = np.abs(inside - np.median(outside, axis=0)).max(axis=1)
        assert np.percentile(spread, 75) > 14, (seed, scene.caption)


@pytest.mark.parametrize(("count", "scale"), [(1, (0.55, 0.75)), (2, (0.38, 0.46)), (3, (0.26, 0.3))])
def test_things_have_the_sizes_asked_for(count: int, scale: tuple[float, float]) -> None:
    config = SceneConfig(size=32, counts=((count, 1.0),))
    for seed in range(40):
        for box in make_scene(seed, config).boxes:
            assert 0.9 * scale[0] < max(box.x1 - box.x0, box.y1 - box.y0) <= scale[1]


def test_config_limits_what_is_shown() -> None:
    config = SceneConfig(classes=("fox", "car"), styles=("noto",), backgrounds=("snow", "plain red"), size=16, same=0.0)
    scenes = [make_scene(seed, config) for seed in range(60)]
    assert {box.label for scene in scenes for box in scene.boxes} == {"fox", "car"}
    assert {box.style for scene in scenes for box in scene.boxes} == {"noto"}
    assert {scene.background for scene in scenes} == {"snow", "plain red"}
    assert {len(scene.boxes) for scene in scenes} == {1, 2}


def test_one_class_for_several_things_is_counted() -> None:
    config = SceneConfig(classes=("fox",), counts=((2, 1.0),), size=16, detail="canonical")
    assert make_scene(0, config).caption.startswith("two foxes ")


def test_plain_share_decides_how_often_a_plain_background_is_drawn() -> None:
    def share(wanted: float) -> float:
        config = SceneConfig(size=16, plain_share=wanted)
        return float(np.mean([make_scene(s, config).background.startswith("plain ") for s in range(120)]))

    assert share(0.0) == 0.0
    assert share(1.0) == 1.0
    assert share(0.5) == pytest.approx(0.5, abs=0.15)


def test_without_mirroring_every_sticker_looks_the_way_it_was_drawn() -> None:
    config = SceneConfig(size=64, classes=("car",), counts=((1, 1.0),), backgrounds=("plain blue",), mirror=False)
    lean = [np.argwhere(make_scene(s, config).masks[0])[:, 1].mean() for s in range(10)]
    boxes = [make_scene(s, config).boxes[0] for s in range(10)]
    sides = {bool(x / 64 > (box.x0 + box.x1) / 2) for x, box in zip(lean, boxes, strict=True)}
    assert len(sides) == 1


def test_shadow_can_be_left_out() -> None:
    lit = make_scene(4, dataclasses.replace(MIXED, backgrounds=("meadow",), shadow=False))
    shaded = make_scene(4, dataclasses.replace(MIXED, backgrounds=("meadow",)))
    assert lit.image.astype(int).sum() > shaded.image.astype(int).sum()
    np.testing.assert_array_equal(lit.masks, shaded.masks)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("size", 8),
        ("classes", ()),
        ("classes", ("dragon",)),
        ("styles", ("oil",)),
        ("backgrounds", ("moor",)),
        ("counts", ()),
        ("counts", ((4, 1.0),)),
        ("counts", ((1, 0.0),)),
        ("scale", (0.8, 0.5)),
        ("pair_scale", (0.3, 0.95)),
        ("same", 1.5),
        ("plain_share", -0.1),
        ("detail", "poem"),
    ],
)
def test_bad_setting_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(InputError, match=name):
        SceneConfig(**{name: value})  # type: ignore[arg-type]


def test_plain_share_needs_backgrounds_of_both_kinds() -> None:
    with pytest.raises(InputError, match="plain_share"):
        SceneConfig(backgrounds=("snow",), plain_share=0.5)
