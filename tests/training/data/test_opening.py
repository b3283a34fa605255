"""Opening data by configuration, and reporting what a path holds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.cancellation import CancelToken
from core.errors import Cancelled, InputError
from training.config import RunConfig, build
from training.data.config import DataConfig
from training.data.inspection import inspect, thumbnail
from training.data.opening import open_data
from training.data.report import DataReport, Tally
from training.data.watch import Watch
from training.datasets.scenes import SceneConfig

Save = Callable[..., Path]


def config(folder: Path, **fields: Any) -> DataConfig:
    return DataConfig(**{"kind": "folder", "path": str(folder), "size": 16, "smallest": 8, **fields})


def test_the_held_out_share_is_not_trained_on(save: Save, folder: Path) -> None:
    for index in range(20):
        save(f"{index}.png")
    data = open_data(config(folder, held_out=0.3), folder.parent / "cache", Watch())
    train, held = ({r.name for r in part.source.records} for part in (data.train, data.held_out))
    assert train | held == {f"{index}.png" for index in range(20)}
    assert not train & held
    assert (data.report.count, data.report.held_out) == (20, len(held))


def test_a_single_picture_can_be_learned_and_is_shown(save: Save, folder: Path) -> None:
    save("a.png")
    data = open_data(config(folder), folder.parent / "cache", Watch())
    assert (len(data.train), len(data.held_out), data.report.held_out) == (1, 1, 0)


def test_a_folder_without_a_sound_picture_is_refused_with_what_is_wrong(save: Save, folder: Path) -> None:
    with pytest.raises(InputError, match="There is no picture in it"):
        open_data(config(folder), folder.parent / "cache", Watch())
    save("a.png").write_text("words")
    with pytest.raises(InputError, match=r"1 files were left out: a\.png: not an image"):
        open_data(config(folder), folder.parent / "cache", Watch())


def test_coco_boxes_join_their_pictures(save: Save, folder: Path) -> None:
    save("a.png", (40, 20))
    table = {
        "images": [{"id": 1, "file_name": "a.png"}],
        "categories": [{"id": 7, "name": "fox"}],
        "annotations": [{"image_id": 1, "category_id": 7, "bbox": [0, 5, 1, 1]}],
    }
    (folder / "instances.json").write_text(json.dumps(table))
    given = config(folder, kind="coco", annotations="instances.json")
    (box,) = open_data(given, folder.parent / "cache", Watch()).train.source.records[0].boxes
    assert box.label == "fox"
    assert (box.x, box.y, box.width, box.height) == pytest.approx((0, 0.25, 0.025, 0.05))
    annotations, cache = folder / "instances.json", folder.parent / "cache"
    assert inspect(annotations, cache).box_classes == {"fox": 1}
    assert inspect(folder, cache, annotations=annotations).box_classes == {"fox": 1}


def test_a_report_counts_everything(save: Save, folder: Path) -> None:
    save("foxes/a.png", (40, 20), "a fox in the snow")
    save("foxes/b.png", (20, 20))
    (folder / "copy.png").write_bytes((folder / "foxes/b.png").read_bytes())
    save("c.png").write_bytes(b"")
    (folder / "notes.md").touch()
    report = inspect(folder, folder.parent / "cache")
    assert (report.kind, report.count, report.duplicates, report.ignored) == ("folder", 3, 1, 1)
    assert report.sizes == {"20×20": 2, "40×20": 1}
    assert report.aspects == {"0.95-1.05": 2, "2 and more": 1}
    assert (report.smallest, report.largest) == ((20, 20), (40, 20))
    assert (report.caption_words, report.longest_caption) == ({"0": 2, "5-9": 1}, 5)
    assert report.classes == {"foxes": 2}
    assert [bad.name for bad in report.bad] == ["c.png"]
    assert report.examples == ("copy.png", "foxes/a.png", "foxes/b.png")


def test_a_report_grows_while_the_data_is_looked_at(save: Save, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for index in range(4):
        save(f"{index}.png")
    monkeypatch.setattr("training.data.inspection.REPORT_EVERY", -1.0)
    seen: list[DataReport] = []
    whole = inspect(folder, folder.parent / "cache", seen=seen.append)
    assert [report.count for report in seen] == [1, 2, 3, 4]
    assert (whole.count, seen[0].fingerprint) == (4, "")
    assert whole.fingerprint


def test_looking_at_data_needs_no_torch() -> None:
    code = "import sys, training.data.inspection; assert 'torch' not in sys.modules"
    root = str(Path(__file__).parents[3])
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root, env={**os.environ, "PYTHONPATH": root})


def test_a_thumbnail_is_the_middle_of_a_picture(save: Save) -> None:
    path = save("a.png", (40, 20))
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[:, 10:30] = 255
    Image.fromarray(pixels).save(path)
    small = thumbnail(path, 10)
    assert small.shape == (10, 10, 3)
    assert small[:, 1:-1].min() == 255


def test_looking_stops_when_asked_to(save: Save, folder: Path) -> None:
    save("a.png")
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        inspect(folder, folder.parent / "cache", Watch(cancel))


def test_a_report_is_written_as_json(tmp_path: Path) -> None:
    report = Tally("folder", "pictures").report(held_out=2, fingerprint="abc")
    report.write(tmp_path / "data.json")
    told = json.loads((tmp_path / "data.json").read_text("utf-8"))
    assert (told["held_out"], told["fingerprint"], told["bad"]) == (2, "abc", [])


def test_scenes_report_their_classes(tmp_path: Path) -> None:
    scenes = SceneConfig(size=16, classes=("fox",), counts=((2, 1.0),))
    report = open_data(DataConfig(scenes=scenes, count=3), tmp_path, Watch()).report
    assert (report.count, report.box_classes, report.sizes) == (3, {"fox": 6}, {"16×16": 3})


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"kind": "zip"}, "must be among scenes, folder, coco; got 'zip'"),
        ({"kind": "folder"}, "path must name the folder of the pictures"),
        ({"kind": "coco", "path": "x"}, "annotations must name the COCO file"),
        ({"size": 5000}, "size must be from 8 to 4096; got 5000"),
        ({"size": 200, "buckets": {"widest": 2.0}}, "must be a multiple of buckets.step = 64, such as 192; got 200"),
        ({"buckets": {"widest": 0.5}}, "widest must be from 1 to 8; got 0.5"),
        ({"crop": "left"}, "must be among centre, random; got 'left'"),
        ({"held_out": 0.9}, "held_out must be from 0 to 0.5; got 0.9"),
        ({"variants": 0}, "variants must be from 1 to 64; got 0"),
        ({"prefetch": -1}, "prefetch must be from 0 to 64; got -1"),
        ({"flip": 1}, "flip must be bool; got 1"),
    ],
)
def test_mistakes_in_the_configuration_are_told(table: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as refused:
        build(RunConfig, {"name": "run", "data": table}, "run.toml")
    assert said in str(refused.value)
