"""The scene node: a picture, and what is true of it."""

from __future__ import annotations

import torch

from nodes.data import sticker_scene


def test_a_scene_comes_with_its_mask_its_map_and_its_layout() -> None:
    scene = sticker_scene(size=64, things=2, seed=3)
    assert scene.image.pixels.shape == (1, 3, 64, 64)
    assert scene.mask.values.shape == (1, 1, 64, 64)
    assert len(scene.layout.boxes) == 2
    covered = torch.zeros(64, 64)
    for box in scene.layout.boxes:
        x0, y0 = int(box.x * 64), int(box.y * 64)
        x1, y1 = -int(-(box.x + box.width) * 64 // 1), -int(-(box.y + box.height) * 64 // 1)
        covered[y0:y1, x0:x1] = 1
    things = scene.mask.values[0, 0]
    assert bool((things <= covered).all())
    assert float(things.sum()) > 0.3 * float(covered.sum())
    classes_of_things = scene.semantic_map.labels[0][things > 0]
    assert len(classes_of_things.unique()) == 1


def test_the_same_seed_is_the_same_scene() -> None:
    first, second, other = (sticker_scene(seed=seed) for seed in (1, 1, 2))
    assert torch.equal(first.image.pixels, second.image.pixels)
    assert not torch.equal(first.image.pixels, other.image.pixels)
