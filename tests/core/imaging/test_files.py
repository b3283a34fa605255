"""Real picture files, whole and damaged."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from core.errors import InputError
from core.imaging.files import read_image, write_png
from core.imaging.picture_workflow import read_workflow

RED = np.full((4, 6, 3), (255, 0, 0), dtype=np.uint8)
WORKFLOW = '{"title": "Füchse ☃", "nodes": []}'


def test_a_written_picture_reads_back_and_carries_its_workflow(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    path = write_png(pixels, tmp_path, "fox", WORKFLOW)
    assert np.array_equal(read_image(path).to_uint8()[0], pixels)
    assert read_workflow(path) == WORKFLOW


def test_names_count_on_from_the_last_one(tmp_path: Path) -> None:
    made = [write_png(RED, tmp_path / "new", "fox", "").name for _ in range(2)]
    assert made == ["fox_0001.png", "fox_0002.png"]
    (tmp_path / "new" / "fox_0001.png").unlink()
    (tmp_path / "new" / "fox_0041.png").touch()
    (tmp_path / "new" / "foxes_0900.png").touch()
    assert write_png(RED, tmp_path / "new", "fox", "").name == "fox_0042.png"
    assert not list((tmp_path / "new").glob("*.part"))


def test_a_rotated_photo_stands_upright(tmp_path: Path) -> None:
    path, exif = tmp_path / "photo.jpg", Pillow.Exif()
    exif[0x0112] = 6  # turn clockwise to see it upright
    Pillow.fromarray(RED).save(path, exif=exif)
    assert read_image(path).pixels.shape == (1, 3, 6, 4)


def test_transparency_becomes_white(tmp_path: Path) -> None:
    path = tmp_path / "clear.png"
    Pillow.new("RGBA", (2, 2), (0, 0, 0, 0)).save(path)
    assert read_image(path).to_uint8().min() == 255


@pytest.mark.parametrize("mode", ["L", "P", "1", "LA", "I;16"])
def test_other_kinds_of_pixels_are_read(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "grey.png"
    Pillow.new(mode, (3, 2)).save(path)
    assert read_image(path).pixels.shape == (1, 3, 2, 3)


@pytest.mark.parametrize("content", [b"", b"no picture at all", b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_what_is_no_picture_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"broken\.png cannot be read") as caught:
        read_image(path)
    assert caught.value.port == "path"


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_truncated_picture_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"half.{suffix}"
    Pillow.fromarray(np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InputError, match="cannot be read"):
        read_image(path)


def test_a_missing_picture_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.png does not exist"):
        read_image(tmp_path / "absent.png")


def test_a_folder_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_image(tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be saved in") as caught:
        write_png(RED, tmp_path / "file" / "under", "fox", "")
    assert caught.value.port == "folder"
    assert os.listdir(tmp_path) == ["file"]
