"""What phases see: rows of any source, the same whatever was read before; and batches read ahead."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from core.errors import InputError
from training.data.config import BucketConfig, DataConfig
from training.data.opening import Opened, open_data
from training.data.recent import Recent
from training.data.scene_source import SceneSource, scene_fingerprint
from training.data.training_set import TrainingSet
from training.data.watch import Watch
from training.datasets.scenes import SceneConfig, make_scene

Save = Callable[..., Path]
SCENES = SceneConfig(size=16, counts=((2, 1.0),))


@pytest.fixture
def opened(folder: Path) -> Callable[..., Opened]:
    """Open the folder of pictures."""

    def opened(**fields: Any) -> Opened:
        settings = {"kind": "folder", "path": str(folder), "size": 16, "smallest": 8, "held_out": 0.0, **fields}
        return open_data(DataConfig(**settings), folder.parent / "cache", Watch())

    return opened


Open = Callable[..., Opened]


def scenes(cache: Path, **fields: Any) -> TrainingSet:
    return TrainingSet(SceneSource(SCENES, 5, 6, cache, Watch()), DataConfig(scenes=SCENES, **fields))


def test_scenes_are_those_of_their_seeds(tmp_path: Path) -> None:
    for _ in range(2):  # rendered, then read back
        data = scenes(tmp_path)
        for index in range(6):
            scene, item = make_scene(5 + index, SCENES), data.item(index)
            np.testing.assert_array_equal(item.image, scene.image)
            np.testing.assert_array_equal(item.semantic, scene.semantic)
            np.testing.assert_array_equal(item.mask, scene.masks.any(axis=0))
            assert item.caption == data.captions[index] == scene.caption
            for box, placed in zip(item.boxes, scene.boxes, strict=True):
                assert (box.label, box.x, box.y) == (placed.label, placed.x0, placed.y0)
                assert (box.width, box.height) == (placed.x1 - placed.x0, placed.y1 - placed.y0)


def test_any_change_of_the_scenes_changes_their_fingerprint() -> None:
    others = [(SCENES, 5, 7), (SCENES, 6, 6), (replace(SCENES, size=32), 5, 6)]
    assert len({scene_fingerprint(SCENES, 5, 6), *(scene_fingerprint(*other) for other in others)}) == 4


def test_mirrored_scenes_say_so_in_their_captions(tmp_path: Path) -> None:
    data = scenes(tmp_path, flip=True)
    assert data.views == 2
    for row in range(12):
        epoch, index = divmod(row, 6)
        straight, other = data.item(row), data.item((1 - epoch) * 6 + index)
        np.testing.assert_array_equal(straight.image, other.image[:, ::-1])
        assert data.captions[row] == straight.caption
        swapped = straight.caption.replace("left", "?").replace("right", "left").replace("?", "right")
        assert other.caption == swapped
    assert any("left" in caption for caption in data.captions)


def test_rows_do_not_depend_on_what_was_read_before_nor_on_memory(save: Save, opened: Open) -> None:
    for index in range(5):
        save(f"{index}.png", (20 + index, 30))
    fields = {"crop": "random", "flip": True}
    kept, forgetful = opened(**fields).train, opened(**fields, memory_mb=0).train
    rows = [7, 0, 13, 7, 22, 1]
    np.testing.assert_array_equal(kept.images(rows), forgetful.images(rows))
    np.testing.assert_array_equal(kept.images(rows[::-1]), forgetful.images(rows)[::-1])


def test_random_cuts_differ_from_epoch_to_epoch_and_centred_ones_do_not(save: Save, opened: Open) -> None:
    save("a.png", (60, 30))
    random, centred = (opened(crop=crop).train.images(range(4)) for crop in ("random", "centre"))
    assert len({image.tobytes() for image in random}) > 1
    assert len({image.tobytes() for image in centred}) == 1


def test_batches_of_buckets_have_one_shape_each(save: Save, opened: Open) -> None:
    for index, size in enumerate([(60, 30), (30, 60), (30, 30), (62, 30), (31, 30)]):
        save(f"{index}.png", size)
    data = opened(size=32, buckets=BucketConfig(widest=2, step=8)).train
    order = data.order(1, 2)
    shapes = {data.images(order.batch(step)).shape for step in range(3)}
    assert shapes == {(2, 24, 40, 3), (2, 40, 24, 3), (2, 32, 32, 3)}
    assert data.shown(5).images(range(5)).shape == (5, 32, 32, 3)


@pytest.mark.parametrize(("captions", "expected"), [("given", "a frog"), ("class", "frogs"), ("none", "")])
def test_captions_are_chosen_by_the_configuration(save: Save, opened: Open, captions: str, expected: str) -> None:
    save("frogs/a.png", caption="a frog")
    data = opened(captions=captions).train
    assert (data.captions, data.item(0).caption, data.item(0).class_name) == ((expected,), expected, "frogs")


def test_masks_and_maps_of_files_come_with_their_pictures(save: Save, folder: Path, opened: Open) -> None:
    save("a.png", (16, 16))
    half = np.zeros((16, 16), np.uint8)
    half[:, 8:] = 1
    Image.fromarray(half * 255).save(folder / ".mask.png")
    Image.fromarray(half * 3).save(folder / ".map.png")
    line = {"file_name": "a.png", "mask": ".mask.png", "semantic": ".map.png"}
    (folder / "metadata.jsonl").write_text(json.dumps(line))
    item = opened().train.item(0)
    np.testing.assert_array_equal(item.mask, half == 1)
    np.testing.assert_array_equal(item.semantic, half * 3)


def test_a_picture_that_changed_since_the_scan_is_named(save: Save, opened: Open) -> None:
    save("a.png")
    data = opened().train
    save("a.png", (41, 30))
    with pytest.raises(InputError, match=r"a\.png.*changed"):
        data.item(0)


def test_the_fingerprint_changes_with_contents_captions_and_cuts(save: Save, opened: Open) -> None:
    save("a.png", caption="a fox")
    prints = [opened().train.fingerprint, opened(crop="random").train.fingerprint, opened(size=32).train.fingerprint]
    save("a.png", caption="a frog")
    prints.append(opened().train.fingerprint)
    save("a.png", (44, 30))
    prints.append(opened().train.fingerprint)
    assert len(set(prints)) == 5
    assert opened().train.fingerprint == prints[-1]


def test_shapes_that_the_autoencoder_cannot_encode_are_refused_with_the_nearest(save: Save, opened: Open) -> None:
    save("a.png")
    data = opened(size=20).train
    data.check_factor(4)
    with pytest.raises(InputError, match=r"side of 20 pixels.*to 16 or 24"):
        data.check_factor(8)


@pytest.mark.parametrize("prefetch", [0, 1, 3])
def test_reading_ahead_gives_the_same_batches_and_touches_no_random_stream(
    save: Save, opened: Open, prefetch: int
) -> None:
    for index in range(5):
        save(f"{index}.png")
    data = opened(crop="random", flip=True, prefetch=prefetch).train
    order = data.order(4, 2)
    torch.manual_seed(1)
    before = torch.get_rng_state()
    feed = data.feed(order)
    for step in (0, 1, 2, 7, 8, 3):  # on, a jump, and back
        np.testing.assert_array_equal(feed.images(step), data.images(order.batch(step)))
        assert feed.rows(step).tolist() == order.batch(step).tolist()
    feed.close()
    assert torch.equal(torch.get_rng_state(), before)


def test_a_fault_while_reading_ahead_is_told_at_its_step(save: Save, opened: Open) -> None:
    for name in "ab":
        save(f"{name}.png")
    data = opened(prefetch=2, memory_mb=0).train
    order = data.order(0, 1)
    wrong = next(step for step in range(2) if order.batch(step).tolist() == [1])
    (save("b.png")).write_bytes(b"gone")
    feed = data.feed(order)
    for step in range(2):
        if step == wrong:
            with pytest.raises(InputError, match=r"b\.png"):
                feed.images(step)
        else:
            feed.images(step)
    feed.close()


def test_what_was_used_longest_ago_is_forgotten_first() -> None:
    made: list[int] = []

    def make(key: int) -> bytes:
        made.append(key)
        return bytes(10)

    recent = Recent[bytes](25, len)
    for key in (1, 2, 1, 3, 1, 2):
        recent.get(key, make)
    assert made == [1, 2, 3, 2]
    assert recent.held == 20
