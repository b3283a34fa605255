"""Captioned sticker scenes: `make_scene(seed, config)` is a pure function, the same layout at any size."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from core.errors import InputError
from training.datasets.backgrounds import BACKGROUNDS, SEMANTIC_CLASSES, SETTINGS, Setting, paint
from training.datasets.captions import Arrangement, Detail, describe
from training.datasets.layout import Placement, arrange
from training.datasets.stickers import STYLES, class_names, extent, placed_sprite

_OBJECT = SEMANTIC_CLASSES.index("object")
_GLOW = np.asarray((196, 200, 255), np.float32)


@dataclass(frozen=True, kw_only=True)
class SceneConfig:
    """What scenes show; checked when made, InputError names the field.

    Attributes:
        size: Side of the square picture in pixels, 16 to 1024.
        classes: Things to choose from, names of the sticker pack.
        styles: Styles to choose from, one for each scene; with several, captions name the style at times.
        backgrounds: Backgrounds to choose from.
        counts: Pairs of (number of things 1 to 3, weight of that number).
        scale: Smallest and largest side of a lone thing as a fraction of the picture.
        pair_scale: The same for each of two.
        trio_scale: The same for each of three.
        same: Probability in [0, 1] that several things are of one class.
        mirror: Whether half of the scenes show their stickers mirrored; captions stay true.
        shadow: Whether things cast a soft shadow, or light in the dark.
        detail: "canonical" for one wording a scene, "varied" for several.
    """

    size: int = 64
    classes: tuple[str, ...] = field(default_factory=class_names)
    styles: tuple[str, ...] = ("fluent",)
    backgrounds: tuple[str, ...] = BACKGROUNDS
    counts: tuple[tuple[int, float], ...] = ((1, 0.6), (2, 0.4))
    scale: tuple[float, float] = (0.55, 0.75)
    pair_scale: tuple[float, float] = (0.38, 0.46)
    trio_scale: tuple[float, float] = (0.26, 0.3)
    same: float = 0.2
    mirror: bool = True
    shadow: bool = True
    detail: Detail = "varied"

    def __post_init__(self) -> None:
        _check_number("size", self.size, 16, 1024)
        _check_names("classes", self.classes, class_names())
        _check_names("styles", self.styles, STYLES)
        _check_names("backgrounds", self.backgrounds, BACKGROUNDS)
        _check_names("detail", (self.detail,), ("canonical", "varied"))
        _check_number("same", self.same, 0, 1)
        if not self.counts or any(n not in (1, 2, 3) or w < 0 for n, w in self.counts) or not self.weight:
            _refuse("counts", self.counts, "pairs of 1 to 3 things and a weight, at least one weight above 0")
        for name in ("scale", "pair_scale", "trio_scale"):
            low, high = getattr(self, name)
            if not 0.05 <= low <= high <= 0.9:
                _refuse(name, (low, high), "a smaller and a larger number in 0.05 to 0.9")

    @property
    def weight(self) -> float:
        """The sum of the weights of `counts`."""
        return float(sum(weight for _, weight in self.counts))

    def scale_for(self, count: int) -> tuple[float, float]:
        """Return the range of sides for scenes with `count` things."""
        return (self.scale, self.pair_scale, self.trio_scale)[count - 1]


def _refuse(name: str, value: object, wanted: str) -> None:
    raise InputError(
        f"The scene setting {name} cannot be {value!r}.",
        why=f"It has to be {wanted}.",
        fix=f"Give {name} a value within that range.",
    )


def _check_number(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        _refuse(name, value, f"a number from {low} to {high}")


def _check_names(name: str, values: tuple[str, ...], known: tuple[str, ...]) -> None:
    strange = [value for value in values if value not in known]
    if strange or not values:
        _refuse(name, strange[0] if strange else values, f"chosen from: {', '.join(known)}")


@dataclass(frozen=True)
class Box:
    """Where a thing is: the visible part's edges as fractions of the picture, x to the right, y downwards."""

    label: str
    style: str
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True)
class Scene:
    """A picture and everything that is known of it.

    Attributes:
        image: uint8 `[size, size, 3]`.
        caption: A true sentence about the picture.
        boxes: One for each thing, in reading order: left to right in a row, top down in a column.
        semantic: uint8 `[size, size]`, indices into SEMANTIC_CLASSES.
        masks: bool `[k, size, size]`, the pixels of each of the k things, in the order of `boxes`.
        background: The background's name.
        arrangement: How the things lie to one another.
    """

    image: npt.NDArray[np.uint8]
    caption: str
    boxes: tuple[Box, ...]
    semantic: npt.NDArray[np.uint8]
    masks: npt.NDArray[np.bool_]
    background: str
    arrangement: Arrangement


def make_scene(seed: int, config: SceneConfig) -> Scene:
    """Return the scene of a seed (0 or more): the same seed and config always give the same bytes."""
    choose, scenery, words = (np.random.default_rng((seed, stream)) for stream in range(3))
    background = config.backgrounds[int(choose.integers(len(config.backgrounds)))]
    style = config.styles[int(choose.integers(len(config.styles)))]
    names = _choose_things(choose, config)
    mirrored = config.mirror and bool(choose.random() < 0.5)
    setting = SETTINGS[background]
    extents = [_visible(name, style, mirrored) for name in names]
    arrangement, placements = arrange(choose, extents, config.scale_for(len(names)), setting)
    backdrop = paint(background, scenery, config.size)
    image, masks = backdrop.image, []
    for name, place in zip(names, placements, strict=True):
        masks.append(_put(image, name, style, place, mirrored, setting if config.shadow else None))
    stacked = np.stack(masks)
    backdrop.semantic[stacked.any(axis=0)] = _OBJECT
    return Scene(
        image=np.clip(image + 0.5, 0, 255).astype(np.uint8),
        caption=describe(
            names,
            background,
            arrangement,
            words,
            detail=config.detail,
            style=style if len(config.styles) > 1 else None,
        ),
        boxes=tuple(Box(name, style, *place.box) for name, place in zip(names, placements, strict=True)),
        semantic=backdrop.semantic,
        masks=stacked,
        background=background,
        arrangement=arrangement,
    )


def _choose_things(rng: np.random.Generator, config: SceneConfig) -> list[str]:
    numbers = [number for number, _ in config.counts]
    count = numbers[int(rng.choice(len(numbers), p=[weight / config.weight for _, weight in config.counts]))]
    if count > 1 and (rng.random() < config.same or len(config.classes) < count):
        return [config.classes[int(rng.integers(len(config.classes)))]] * count
    return [config.classes[int(i)] for i in rng.choice(len(config.classes), count, replace=False)]


def _visible(name: str, style: str, mirrored: bool) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = extent(name, style)
    return (1 - x1, y0, 1 - x0, y1) if mirrored else (x0, y0, x1, y1)


def _put(
    image: npt.NDArray[np.float32], name: str, style: str, place: Placement, mirrored: bool, setting: Setting | None
) -> npt.NDArray[np.bool_]:
    """Blend a shadow and the sticker into `image` and return the pixels that it covers by more than half."""
    size = image.shape[0]
    cut, column, row = placed_sprite(
        name, style, place.left * size, place.top * size, place.side * size, mirrored=mirrored
    )
    top, left = max(0, -row), max(0, -column)
    cut = cut[top : top + size - max(0, row), left : left + size - max(0, column)]
    row, column = max(0, row), max(0, column)
    if setting is not None:
        _shade(image, cut[..., 3], row, column, place, setting)
    window = (slice(row, row + cut.shape[0]), slice(column, column + cut.shape[1]))
    alpha = cut[..., 3:].astype(np.float32) / 255
    image[window] = image[window] * (1 - alpha) + cut[..., :3]
    mask = np.zeros((size, size), np.bool_)
    mask[window] = cut[..., 3] > 127
    return mask


def _shade(
    image: npt.NDArray[np.float32],
    alpha: npt.NDArray[np.uint8],
    row: int,
    column: int,
    place: Placement,
    setting: Setting,
) -> None:
    """Darken the ground under a thing or the wall behind it, or light the dark around it."""
    size = image.shape[0]
    if setting.shade == "wall":
        behind = Image.new("L", (size, size), 0)
        step = 0.025 * place.side / 0.65 + 0.01
        behind.paste(Image.fromarray(alpha), (column + round(step * size * 0.6), row + round(step * size)))
        weight = np.asarray(behind.filter(ImageFilter.GaussianBlur(0.022 * size)), np.float32) / 255
        image *= 1 - 0.3 * weight[..., None]
        return
    x0, y0, x1, y1 = place.box
    middles = (np.arange(size, dtype=np.float32) + 0.5) / size
    x = (middles[None, :] - (x0 + x1) / 2) / (x1 - x0)
    if setting.shade in ("glow", "lit ground"):
        y = (middles[:, None] - (y0 + y1) / 2) / (y1 - y0)
        light = 0.42 * np.exp(-0.5 * ((x / 0.48) ** 2 + (y / 0.48) ** 2) ** 1.5)
        image += light[..., None] * (_GLOW - image)
    if setting.shade in ("ground", "lit ground"):
        y = (middles[:, None] - (y1 - 0.012)) / (0.055 * (x1 - x0) + 0.012)
        image *= 1 - (0.45 * np.exp(-0.5 * ((x / 0.36) ** 2 + y**2)))[..., None]
