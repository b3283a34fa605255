"""Pixels become pictures."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QColor

from app.runtime.pictures import to_image, to_sheet


def test_rgb_pixels_keep_their_colours_and_size() -> None:
    pixels = np.zeros((2, 3, 3), np.uint8)
    pixels[1, 2] = (10, 20, 30)
    image = to_image(pixels)
    assert image is not None
    assert (image.width(), image.height()) == (3, 2)
    assert QColor(image.pixel(2, 1)) == QColor(10, 20, 30)


def test_what_is_no_picture_gives_none() -> None:
    for value in (None, "text", np.zeros((2, 2, 3), np.float32), np.zeros((0, 2, 3), np.uint8), np.zeros(3, np.uint8)):
        assert to_image(value) is None


def test_several_pictures_lie_on_one_sheet() -> None:
    pixels = np.stack([np.full((4, 4, 3), value, np.uint8) for value in (10, 20, 30)])
    sheet = to_sheet(pixels)
    assert sheet is not None
    assert (sheet.width(), sheet.height()) == (8, 8)
    assert [QColor(sheet.pixel(x, y)).red() for x, y in ((0, 0), (4, 0), (0, 4), (4, 4))] == [10, 20, 30, 0]
