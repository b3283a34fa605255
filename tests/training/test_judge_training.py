from __future__ import annotations

import torch

from training.datasets.scenes import SceneConfig, make_scene
from training.judge import cell_classes
from training.judge_training import degraded, train_judge

CONFIG = SceneConfig(size=64, classes=("fox", "frog"), backgrounds=("plain red", "meadow"))


def test_cells_are_of_the_class_of_the_thing_that_covers_them() -> None:
    scene = make_scene(5, CONFIG)
    cells = cell_classes(scene, CONFIG.classes)
    for box in scene.boxes:
        y, x = (cells == 1 + CONFIG.classes.index(box.label)).nonzero().double().add(0.5).div(16).T
        assert box.x0 <= float(x.median()) <= box.x1
        assert box.y0 <= float(y.median()) <= box.y1
    covered = float((cells > 0).double().mean())
    assert abs(covered - scene.masks.any(axis=0).mean()) < 0.06


def test_degraded_pictures_keep_their_size_and_depend_on_the_stream_alone() -> None:
    images = torch.rand(2, 3, 64, 64)
    once, again, other = (degraded(images, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert once.shape == images.shape
    assert torch.equal(once, again)
    assert not torch.equal(once, other)


def test_a_judge_learns_and_training_it_again_gives_the_same() -> None:
    once, again = (train_judge(CONFIG, count=4, steps=2, batch=2) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(once.parameters(), again.parameters(), strict=True))
