"""Colours for classes: the same number has the same colour everywhere, and neighbours differ."""

from __future__ import annotations

import colorsys

import numpy as np

from core.imaging.image import Pixels

BACKGROUND = (24, 24, 24)
GOLDEN = 0.6180339887  # turns of the hue that never come round


def colour(number: int) -> tuple[int, int, int]:
    """Return a bright colour for a class."""
    red, green, blue = colorsys.hsv_to_rgb(number * GOLDEN % 1, 0.65, 0.95)
    return round(red * 255), round(green * 255), round(blue * 255)


def coloured(labels: Pixels, classes: int) -> Pixels:
    """Colour a map [h, w] of classes below `classes`, [h, w, 3] uint8."""
    return np.array([colour(number) for number in range(classes)], np.uint8)[labels]
