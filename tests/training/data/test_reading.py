"""Reading picture files: upright, on white, whole; or the reason why not."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.data.reading import BadPicture, read_labels, read_picture


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds nothing of it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"not a picture at all", "not an image"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not an image"),
        (png_header(10_000, 9_000), "too many pixels"),
        (png_header(100_000, 90_000), "too many pixels"),
        (png_header(20, 20), "truncated"),
    ],
)
def test_a_bad_file_has_a_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "bad.png").write_bytes(content)
    with pytest.raises(BadPicture, match=reason):
        read_picture(tmp_path / "bad.png")


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "bmp", "tif", "gif"])
@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9])
def test_a_picture_that_is_cut_short_is_refused(tmp_path: Path, suffix: str, kept: float) -> None:
    path = tmp_path / f"short.{suffix}"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    with pytest.raises(BadPicture, match=r"truncated|damaged|not an image"):
        read_picture(path)


def test_a_missing_file_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(BadPicture, match="unreadable: No such file"):
        read_picture(tmp_path / "none.png")


def test_transparent_parts_are_white(tmp_path: Path) -> None:
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "clear.png").image, 255)


def test_camera_rotation_is_applied(tmp_path: Path) -> None:
    picture = Image.new("RGB", (40, 20), (0, 0, 0))
    picture.paste((255, 255, 255), (0, 0, 40, 10))
    exif = Image.Exif()
    exif[0x0112] = 6  # stored on its side: to be turned a quarter clockwise
    picture.save(tmp_path / "turned.png", exif=exif)
    pixels = read_picture(tmp_path / "turned.png").image
    assert pixels.shape == (40, 20, 3)
    assert (pixels[:, 10:].min(), pixels[:, :10].max()) == (255, 0)


def test_sixteen_bits_are_scaled_and_not_clipped(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), 128 << 8, np.uint16)).save(tmp_path / "deep.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "deep.png").image, 128)


@pytest.mark.parametrize("mode", ["L", "P"])
def test_labels_are_read_as_they_are_stored(tmp_path: Path, mode: str) -> None:
    labels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    image = Image.frombytes(mode, (4, 3), labels.tobytes())
    if mode == "P":
        image.putpalette(list(range(256)) * 3)
    image.save(tmp_path / "map.png")
    np.testing.assert_array_equal(read_labels(tmp_path / "map.png"), labels)


def test_labels_with_colours_are_refused(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "map.png")
    with pytest.raises(BadPicture, match="one index a pixel"):
        read_labels(tmp_path / "map.png")
