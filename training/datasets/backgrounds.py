"""Procedural backdrops, painted at any size from the same few numbers, each with its semantic regions.

Coordinates: x to the right and y downwards, both in [0, 1]; colours are float32 in [0, 255]. Every painter draws
its random numbers before it looks at the size, so that one seed gives one layout at every size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from core.errors import InputError

Floats = npt.NDArray[np.float32]
Colour = tuple[float, float, float]

SEMANTIC_CLASSES = ("wall", "sky", "night sky", "space", "grass", "sand", "snow", "water", "hills", "object")
PLAIN_COLOURS: dict[str, Colour] = {
    "red": (222, 92, 84),
    "blue": (92, 142, 226),
    "green": (112, 190, 112),
    "yellow": (246, 218, 112),
    "pink": (250, 178, 202),
    "purple": (164, 122, 208),
    "orange": (246, 164, 92),
    "white": (244, 244, 242),
    "gray": (168, 172, 178),
    "turquoise": (98, 202, 198),
}


@dataclass(frozen=True)
class Backdrop:
    """A painted background.

    Attributes:
        image: float32 `[size, size, 3]` in [0, 255].
        semantic: uint8 `[size, size]`, indices into SEMANTIC_CLASSES.
    """

    image: Floats
    semantic: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Setting:
    """How things are put into a background.

    Attributes:
        standing: Whether things stand on a ground instead of hovering.
        shade: What lies around them: a shadow on the ground, behind them on a wall, or light in the dark.
        ground: Highest y in [0, 1] where the foot of a standing thing may be.
    """

    standing: bool
    shade: Literal["ground", "wall", "glow", "lit ground"]
    ground: float = 0.0


SETTINGS: dict[str, Setting] = {
    "meadow": Setting(True, "ground", 0.74),
    "beach": Setting(True, "ground", 0.76),
    "snow": Setting(True, "ground", 0.74),
    "desert": Setting(True, "ground", 0.78),
    "night": Setting(True, "lit ground", 0.78),
    "sea": Setting(True, "ground", 0.70),
    "space": Setting(False, "glow"),
} | {f"plain {colour}": Setting(False, "wall") for colour in PLAIN_COLOURS}
BACKGROUNDS = tuple(SETTINGS)


@lru_cache(maxsize=8)
def _grid(size: int) -> tuple[Floats, Floats]:
    """Return x as `[1, size]` and y as `[size, 1]`, the middles of the pixels."""
    middles = ((np.arange(size) + 0.5) / size).astype(np.float32)
    return middles[None, :], middles[:, None]


class _Canvas:
    """A picture and its semantic map while they are painted.

    Attributes:
        image: float32 `[size, size, 3]` in [0, 255].
        semantic: uint8 `[size, size]`.
    """

    def __init__(self, size: int, region: str, top: Colour, bottom: Colour, *, until: float = 1.0) -> None:
        self.size = size
        self.x, self.y = _grid(size)
        self.image: Floats = np.empty((size, size, 3), np.float32)
        self.image[:] = _ramp(self.y / until, top, bottom)
        self.semantic = np.full((size, size), SEMANTIC_CLASSES.index(region), np.uint8)

    def ground(self, region: str, line: Floats, top: Colour, bottom: Colour) -> None:
        """Fill everything below `line` (y for each x, `[1, size]`) with a ramp of colours."""
        cover = np.clip((self.y - line) * self.size + 0.5, 0, 1)
        lowest = float(line.min())
        colours = _ramp((self.y - lowest) / max(1 - lowest, 1e-3), top, bottom)
        self.image += cover[..., None] * (colours - self.image)
        self.semantic[cover > 0.5] = SEMANTIC_CLASSES.index(region)

    def blob(self, x: float, y: float, width: float, height: float, colour: Colour, strength: float = 1.0) -> None:
        """Blend a soft ellipse in: Gaussian with standard deviations `width` and `height`."""
        weight = strength * np.exp(-0.5 * (((self.x - x) / width) ** 2 + ((self.y - y) / height) ** 2))
        self.image += weight[..., None] * (np.asarray(colour, np.float32) - self.image)

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Draw a smooth-edged disc."""
        distance = np.sqrt((self.x - x) ** 2 + (self.y - y) ** 2)
        cover = np.clip((radius - distance) * self.size + 0.5, 0, 1)
        self.image += cover[..., None] * (np.asarray(colour, np.float32) - self.image)

    def dots(self, places: Floats, colour: Colour) -> None:
        """Blend small soft dots in; `places` is `[n, 4]`: x, y, radius, strength."""
        colour_array = np.asarray(colour, np.float32)
        for x, y, radius, strength in places.tolist():
            reach = 3 * radius
            x0, x1 = (max(0, int((x - reach) * self.size)), int((x + reach) * self.size) + 2)
            y0, y1 = (max(0, int((y - reach) * self.size)), int((y + reach) * self.size) + 2)
            squared = (self.x[:, x0:x1] - x) ** 2 + (self.y[y0:y1] - y) ** 2
            weight = strength * np.exp(-0.5 * squared / radius**2)
            patch = self.image[y0:y1, x0:x1]
            patch += weight[..., None] * (colour_array - patch)

    def done(self) -> Backdrop:
        """Return the finished background."""
        return Backdrop(self.image, self.semantic)


def _ramp(t: Floats, top: Colour, bottom: Colour) -> Floats:
    start, end = np.asarray(top, np.float32), np.asarray(bottom, np.float32)
    colours: Floats = start + np.clip(t, 0, 1)[..., None] * (end - start)
    return colours


def _wave(rng: np.random.Generator, base: float, height: float, bends: float) -> Callable[[Floats], Floats]:
    """Return a smooth random line y(x) around `base`, at most `height` away from it."""
    phases, share = rng.uniform(0, 2 * np.pi, 2), rng.uniform(0.55, 0.8)

    def line(x: Floats) -> Floats:
        slow = np.sin(np.pi * bends * x + phases[0])
        fast = np.sin(2.3 * np.pi * bends * x + phases[1])
        heights: Floats = base + height * (share * slow + (1 - share) * fast)
        return heights.astype(np.float32)

    return line


def _tinted(rng: np.random.Generator, *colours: Colour, spread: float = 7.0) -> list[Colour]:
    """Shift all colours of a scene by one small random step, so that no two scenes match exactly."""
    shift = rng.uniform(-spread, spread, 3)
    return [(c[0] + shift[0], c[1] + shift[1], c[2] + shift[2]) for c in colours]


def _dots(rng: np.random.Generator, count: int, bottom: float, radius: tuple[float, float]) -> Floats:
    draw = rng.uniform(size=(count, 4))
    draw[:, 1] *= bottom
    draw[:, 2] = radius[0] + draw[:, 2] * (radius[1] - radius[0])
    draw[:, 3] = 0.5 + 0.5 * draw[:, 3]
    return draw.astype(np.float32)


def _clouds(canvas: _Canvas, places: npt.NDArray[np.float64], colour: Colour) -> None:
    for x, y, width in places.tolist():
        canvas.blob(x, y * 0.3 + 0.08, 0.07 + 0.07 * width, 0.03, colour, 0.75)


def _meadow(rng: np.random.Generator, size: int) -> Backdrop:
    horizon = rng.uniform(0.52, 0.62)
    far, near = _wave(rng, horizon, 0.035, 1.6), _wave(rng, horizon + 0.1, 0.03, 1.1)
    clouds = rng.uniform(size=(2, 3))
    sky, haze, hill, grass, deep = _tinted(
        rng, (112, 186, 244), (206, 234, 250), (136, 196, 120), (150, 212, 92), (92, 166, 66)
    )
    canvas = _Canvas(size, "sky", sky, haze, until=horizon)
    _clouds(canvas, clouds, (255, 255, 255))
    canvas.ground("hills", far(canvas.x), hill, hill)
    canvas.ground("grass", near(canvas.x), grass, deep)
    return canvas.done()


def _beach(rng: np.random.Generator, size: int) -> Backdrop:
    horizon = rng.uniform(0.4, 0.48)
    shore = _wave(rng, horizon + 0.2, 0.03, 1.0)
    clouds = rng.uniform(size=(1, 3))
    sky, haze, deep, shallow, sand, wet = _tinted(
        rng, (120, 200, 248), (214, 240, 250), (36, 146, 200), (96, 204, 212), (246, 224, 172), (230, 196, 136)
    )
    canvas = _Canvas(size, "sky", sky, haze, until=horizon)
    _clouds(canvas, clouds, (255, 255, 255))
    level = np.full_like(canvas.x, horizon)
    canvas.ground("water", level, deep, deep)
    water = _ramp((canvas.y - horizon) / 0.22, deep, shallow)
    below = canvas.y[:, 0] > horizon
    canvas.image[below] = np.broadcast_to(water, canvas.image.shape)[below]
    line = shore(canvas.x)
    foam = np.exp(-0.5 * ((canvas.y - line + 0.004) / 0.012) ** 2)
    canvas.ground("sand", line, sand, wet)
    canvas.image += (0.85 * foam)[..., None] * (250 - canvas.image)
    return canvas.done()


def _snow(rng: np.random.Generator, size: int) -> Backdrop:
    horizon = rng.uniform(0.5, 0.6)
    far, near = _wave(rng, horizon, 0.05, 1.8), _wave(rng, horizon + 0.1, 0.03, 1.0)
    flakes = _dots(rng, 12, 0.6, (0.008, 0.014))
    sky, haze, hill, ground, shade = _tinted(
        rng, (150, 180, 216), (208, 222, 238), (190, 208, 230), (250, 252, 255), (214, 228, 244), spread=4
    )
    canvas = _Canvas(size, "sky", sky, haze, until=horizon)
    canvas.ground("hills", far(canvas.x), hill, hill)
    canvas.dots(flakes, (255, 255, 255))
    canvas.ground("snow", near(canvas.x), ground, shade)
    return canvas.done()


def _desert(rng: np.random.Generator, size: int) -> Backdrop:
    horizon = rng.uniform(0.5, 0.6)
    far, near = _wave(rng, horizon, 0.05, 1.5), _wave(rng, horizon + 0.12, 0.04, 1.0)
    sun = (rng.uniform(0.12, 0.88), rng.uniform(0.1, 0.22), rng.uniform(0.055, 0.075))
    sky, haze, dune, sand, shade = _tinted(
        rng, (250, 176, 112), (255, 226, 176), (226, 146, 88), (236, 158, 88), (196, 106, 56)
    )
    canvas = _Canvas(size, "sky", sky, haze, until=horizon)
    canvas.blob(sun[0], sun[1], 0.14, 0.14, (255, 240, 190), 0.7)
    canvas.disc(*sun, (255, 246, 214))
    canvas.ground("hills", far(canvas.x), dune, dune)
    canvas.ground("sand", near(canvas.x), sand, shade)
    return canvas.done()


def _night(rng: np.random.Generator, size: int) -> Backdrop:
    horizon = rng.uniform(0.58, 0.66)
    near = _wave(rng, horizon, 0.03, 1.1)
    stars = _dots(rng, 14, horizon - 0.05, (0.006, 0.01))
    moon = (rng.uniform(0.12, 0.88), rng.uniform(0.12, 0.2), rng.uniform(0.06, 0.08))
    sky, haze, grass, shade = _tinted(rng, (22, 32, 84), (66, 86, 158), (52, 98, 96), (28, 62, 72), spread=5)
    canvas = _Canvas(size, "night sky", sky, haze, until=horizon)
    canvas.dots(stars, (255, 250, 220))
    canvas.blob(moon[0], moon[1], 0.12, 0.12, (150, 160, 210), 0.5)
    canvas.disc(*moon, (252, 244, 208))
    canvas.ground("grass", near(canvas.x), grass, shade)
    return canvas.done()


def _sea(rng: np.random.Generator, size: int) -> Backdrop:
    horizon = rng.uniform(0.26, 0.34)
    phases, bend = rng.uniform(0, 2 * np.pi, 2), rng.uniform(4, 6)
    sky, haze, water, deep = _tinted(rng, (150, 212, 246), (226, 242, 248), (52, 152, 214), (14, 84, 158))
    canvas = _Canvas(size, "sky", sky, haze, until=horizon)
    canvas.ground("water", np.full_like(canvas.x, horizon), water, deep)
    depth = np.clip((canvas.y - horizon) / (1 - horizon), 1e-4, 1)
    # Nearer waves are longer: rows are bent by x and get wider with depth.
    rows = np.sin(2 * np.pi * 7 * np.sqrt(depth) + phases[0] + 0.9 * np.sin(bend * canvas.x + phases[1]))
    canvas.image += (np.where(canvas.y > horizon, 11.0, 0.0) * rows)[..., None].astype(np.float32)
    return canvas.done()


def _space(rng: np.random.Generator, size: int) -> Backdrop:
    stars = _dots(rng, 22, 1.0, (0.005, 0.009))
    clouds = rng.uniform(0.1, 0.9, (2, 2))
    dark, dim, violet, rose = _tinted(rng, (20, 12, 44), (38, 20, 72), (92, 46, 140), (130, 50, 120), spread=5)
    canvas = _Canvas(size, "space", dark, dim)
    canvas.blob(clouds[0, 0], clouds[0, 1], 0.3, 0.2, violet, 0.7)
    canvas.blob(clouds[1, 0], clouds[1, 1], 0.22, 0.26, rose, 0.55)
    canvas.dots(stars, (255, 255, 255))
    return canvas.done()


def _plain(rng: np.random.Generator, size: int, colour: Colour) -> Backdrop:
    centre = rng.uniform(0.3, 0.7, 2)
    (tint,) = _tinted(rng, colour, spread=6)
    bright: Colour = (tint[0] * 0.86 + 36, tint[1] * 0.86 + 36, tint[2] * 0.86 + 36)
    dim: Colour = (tint[0] * 0.93, tint[1] * 0.93, tint[2] * 0.93)
    canvas = _Canvas(size, "wall", dim, dim)
    canvas.blob(centre[0], centre[1], 0.45, 0.45, bright)
    return canvas.done()


_PAINTERS: dict[str, Callable[[np.random.Generator, int], Backdrop]] = {
    "meadow": _meadow,
    "beach": _beach,
    "snow": _snow,
    "desert": _desert,
    "night": _night,
    "sea": _sea,
    "space": _space,
}


def paint(background: str, rng: np.random.Generator, size: int) -> Backdrop:
    """Paint a background of `size` x `size` pixels; InputError for a name that is not in BACKGROUNDS."""
    if background not in SETTINGS:
        raise InputError(
            f"There is no background {background!r}.",
            why="Backgrounds are painted by a fixed set of painters.",
            fix=f"Choose one of: {', '.join(BACKGROUNDS)}.",
        )
    painter = _PAINTERS.get(background)
    return painter(rng, size) if painter else _plain(rng, size, PLAIN_COLOURS[background.removeprefix("plain ")])
