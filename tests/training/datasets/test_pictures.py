"""A folder of own pictures: order, captions, fitting, and readable refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import InputError
from training.datasets.pictures import list_pictures, load_picture


def save(path: Path, size: tuple[int, int] = (20, 10), colour: tuple[int, ...] = (200, 30, 40)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGBA" if len(colour) == 4 else "RGB", size, colour).save(path)
    return path


def test_pictures_come_in_the_order_of_their_paths_without_hidden_ones(tmp_path: Path) -> None:
    for name in ("b.png", "a/z.PNG", "a.jpg", ".cache/x.png", ".y.png"):
        save(tmp_path / name)
    (tmp_path / "notes.md").write_text("no picture")
    found = [picture.path.relative_to(tmp_path).as_posix() for picture in list_pictures(tmp_path)]
    assert found == ["a.jpg", "a/z.PNG", "b.png"]


def test_caption_comes_from_the_text_beside_then_from_the_list(tmp_path: Path) -> None:
    for name in ("one.png", "sub/two.png", "three.png"):
        save(tmp_path / name)
    (tmp_path / "one.txt").write_text("  a fox\nin the snow \n", encoding="utf-8")
    (tmp_path / "captions.jsonl").write_text(
        '{"file": "one.png", "caption": "not this"}\n\n{"file": "sub/two.png", "caption": "zwei Füchse"}\n',
        encoding="utf-8",
    )
    captions = {picture.path.stem: picture.caption for picture in list_pictures(tmp_path)}
    assert captions == {"one": "a fox in the snow", "two": "zwei Füchse", "three": ""}


def test_picture_is_cut_to_its_middle_square(tmp_path: Path) -> None:
    wide = Image.new("RGB", (90, 30), (255, 0, 0))
    wide.paste((0, 0, 255), (30, 0, 60, 30))
    wide.save(tmp_path / "wide.png")
    pixels = load_picture(tmp_path / "wide.png", 16)
    assert pixels.shape == (16, 16, 3)
    assert pixels[:, 2:-2].mean(axis=(0, 1)) == pytest.approx((0, 0, 255), abs=2)


def test_transparent_parts_are_white(tmp_path: Path) -> None:
    path = save(tmp_path / "clear.png", colour=(0, 0, 0, 0))
    np.testing.assert_array_equal(load_picture(path, 8), 255)


def test_camera_rotation_is_applied(tmp_path: Path) -> None:
    picture = Image.new("RGB", (40, 40), (0, 0, 0))
    picture.paste((255, 255, 255), (0, 0, 40, 20))
    exif = Image.Exif()
    exif[0x0112] = 6  # stored on its side: to be turned a quarter clockwise
    picture.save(tmp_path / "turned.png", exif=exif)
    pixels = load_picture(tmp_path / "turned.png", 40)
    assert pixels[:, 22:].mean() > 250
    assert pixels[:, :18].mean() < 5


@pytest.mark.parametrize("content", [b"", b"not a picture at all", b"\x89PNG\r\n\x1a\n\x00\x00"])
def test_damaged_picture_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"broken\.png"):
        load_picture(path, 16)


def test_picture_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "short.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(InputError, match="damaged"):
        load_picture(path, 16)


@pytest.mark.parametrize("line", ['{"file": "a.png"}', "{broken", "[1, 2]", '"text"'])
def test_damaged_list_of_captions_is_refused_with_the_line(tmp_path: Path, line: str) -> None:
    save(tmp_path / "a.png")
    (tmp_path / "captions.jsonl").write_text(f'{{"file": "a.png", "caption": "x"}}\n{line}\n', encoding="utf-8")
    with pytest.raises(InputError, match="line 2"):
        list_pictures(tmp_path)


def test_caption_in_another_encoding_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "a.png")
    (tmp_path / "a.txt").write_bytes("Füchse".encode("latin-1"))
    with pytest.raises(InputError, match="UTF-8"):
        list_pictures(tmp_path)


def test_missing_or_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        list_pictures(tmp_path / "none")
    with pytest.raises(InputError, match="holds no picture"):
        list_pictures(tmp_path)
