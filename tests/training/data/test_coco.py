"""COCO's instances: boxes by picture, faults listed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import InputError
from training.data.coco import read_instances

TABLE: dict[str, Any] = {
    "images": [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "sub/b.png"}, {"id": 3}],
    "categories": [{"id": 7, "name": "fox"}],
    "annotations": [
        {"image_id": 1, "category_id": 7, "bbox": [10, 5, 20, 10]},
        {"image_id": 1, "category_id": 7, "bbox": [0, 0, 40, 20], "iscrowd": 1},
        {"image_id": 2, "category_id": 7, "bbox": [0, 0, 0, 10]},
        {"image_id": 9, "category_id": 7, "bbox": [1, 1, 2, 2]},
        {"image_id": 1, "category_id": 8, "bbox": [1, 1, 2, 2]},
        {"image_id": 1, "category_id": 7},
        3,
    ],
}


def test_boxes_become_edges_and_broken_entries_are_listed(tmp_path: Path) -> None:
    (tmp_path / "i.json").write_text(json.dumps(TABLE))
    sayings = read_instances(tmp_path / "i.json")
    assert sayings.by_name["a.png"].boxes == (("fox", 10.0, 5.0, 30.0, 15.0),)
    assert sayings.by_name["a.png"].in_pixels
    assert sayings.by_name["sub/b.png"].boxes == ()
    names = [bad.name.split(", ")[1] for bad in sayings.bad]
    assert names == ["image 2", *(f"annotation {index}" for index in range(2, 7))]


@pytest.mark.parametrize(("text", "said"), [("{", "no JSON"), ("[]", "images is missing"), ("{}", "images is missing")])
def test_other_files_are_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "i.json").write_text(text)
    with pytest.raises(InputError, match=said):
        read_instances(tmp_path / "i.json")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_instances(tmp_path / "none.json")
