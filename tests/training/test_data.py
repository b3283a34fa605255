"""Order and scenes: functions of the seed, the step and the configuration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.cancellation import CancelToken
from core.errors import Cancelled
from training.config import DataConfig
from training.data import Order, fingerprint, load_pool
from training.datasets.scenes import SceneConfig, make_scene

CONFIG = DataConfig(scenes=SceneConfig(size=16), count=3, seed=5)


def test_every_epoch_shows_every_item_once_and_in_another_order() -> None:
    order = Order(seed=1, count=12, batch_size=4)
    epochs = [torch.cat([order.batch(step) for step in range(3 * e, 3 * e + 3)]).tolist() for e in range(3)]
    assert all(sorted(epoch) == list(range(12)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3


def test_a_batch_across_two_epochs_completes_both() -> None:
    order = Order(seed=1, count=5, batch_size=4)
    shown = torch.cat([order.batch(step) for step in range(5)]).tolist()
    assert all(sorted(shown[i : i + 5]) == list(range(5)) for i in range(0, 20, 5))


def test_a_batch_depends_on_the_step_and_not_on_what_was_asked_before() -> None:
    forwards, other = Order(3, 7, 4), Order(3, 7, 4)
    batches = [forwards.batch(step).tolist() for step in range(9)]
    assert [other.batch(step).tolist() for step in reversed(range(9))] == batches[::-1]


def test_another_seed_is_another_order() -> None:
    assert Order(1, 50, 10).batch(0).tolist() != Order(2, 50, 10).batch(0).tolist()


def test_the_pool_holds_the_scenes_of_its_seeds_and_reads_them_back(tmp_path: Path) -> None:
    rendered, read = (load_pool(CONFIG, tmp_path, CancelToken()) for _ in range(2))
    for index in range(3):
        scene = make_scene(5 + index, CONFIG.scenes)
        assert np.array_equal(rendered.images[index], scene.image)
        assert rendered.captions[index] == scene.caption
    assert np.array_equal(rendered.images, read.images)
    assert rendered.captions == read.captions
    assert len(list(tmp_path.iterdir())) == 1


def test_any_change_of_the_data_changes_its_fingerprint() -> None:
    changed = [replace(CONFIG, seed=6), replace(CONFIG, count=4), replace(CONFIG, scenes=SceneConfig(size=32))]
    assert len({fingerprint(config) for config in (CONFIG, *changed)}) == 4
    assert fingerprint(replace(CONFIG)) == fingerprint(CONFIG)


def test_rendering_stops_when_asked_to_and_leaves_nothing_half_made(tmp_path: Path) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        load_pool(CONFIG, tmp_path, cancel)
    assert list(tmp_path.iterdir()) == []
