"""Colours for classes: a class has the same one everywhere, and no two are alike.

Each colour is the one of a grid that is farthest from all before it, so the first ten differ most, thirty still differ
plainly, and a class keeps its colour however many follow it. Distances are those of OKLab, in which equal ones look
equal: B. Ottosson, "A perceptual color space for image processing", 2020, https://bottosson.github.io/posts/oklab/.
"""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from core.imaging.painted import Painted

COUNT = 256
"""As many colours as a painted map can hold classes; class 256 has that of class 0."""
FIRST = (210, 135, 75)
"""The colour of class 0; of all, this one lets sky be blue, grass green and sand yellow in maps of generated scenes."""
_LEVELS = 18
"""Of red, green and blue, in the grid that colours are taken from."""
_LIGHTNESS = (0.48, 0.94)
"""Darker or lighter colours cannot be told from the picture's ground or from paper."""
_CHROMA = (0.04, 0.17)
"""Greys belong to the picture below; more would glare."""
_GROUNDS = ((24, 24, 24), (255, 255, 255))
"""What the colours lie on; they keep away from these too."""
_HUE_WEIGHT = 2.0
"""Neighbouring areas are told apart by hue more than by lightness, of which OKLab's axes have twice the range."""
_TO_LMS = np.array([
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
])  # fmt: skip
_TO_LAB = np.array([
    [0.2104542553, 0.7936177850, -0.0040720468],
    [1.9779984951, -2.4285922050, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.8086757660],
])  # fmt: skip

Numbers = npt.NDArray[np.float64]


def class_color(label: int) -> tuple[int, int, int]:
    """Return red, green and blue, 0 to 255, of a class counted from 0."""
    red, green, blue = class_colors()[label % COUNT].tolist()
    return red, green, blue


def colored(labels: Painted) -> npt.NDArray[np.uint8]:
    """Colour maps [..., h, w] of classes: [..., h, w, 3] uint8."""
    return class_colors()[labels]


@functools.cache
def class_colors() -> npt.NDArray[np.uint8]:
    """Return the colours of all classes, [COUNT, 3]."""
    steps = np.linspace(0, 255, _LEVELS).round()
    grid = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1).reshape(-1, 3)
    lab = oklab(grid)
    lightness, chroma = lab[:, 0], np.hypot(lab[:, 1], lab[:, 2])
    fit = (lightness > _LIGHTNESS[0]) & (lightness < _LIGHTNESS[1]) & (chroma > _CHROMA[0]) & (chroma < _CHROMA[1])
    grid, places = grid[fit], lab[fit] * (1.0, _HUE_WEIGHT, _HUE_WEIGHT)
    grounds = oklab(np.array(_GROUNDS, np.float64)) * (1.0, _HUE_WEIGHT, _HUE_WEIGHT)
    distance = np.linalg.norm(places[:, None] - grounds, axis=2).min(axis=1)
    newest = int(np.square(grid - FIRST).sum(axis=1).argmin())
    chosen = []
    for _ in range(COUNT):
        chosen.append(newest)
        distance = np.minimum(distance, np.linalg.norm(places - places[newest], axis=1))
        newest = int(distance.argmax())
    return grid[chosen].astype(np.uint8)


def oklab(rgb: Numbers) -> Numbers:
    """Return lightness, green-red and blue-yellow [..., 3] of sRGB colours [..., 3] in [0, 255]."""
    shares = rgb / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    lab: Numbers = np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T
    return lab
