"""Captioned sticker scenes: `make_scene(seed, config)` is a pure function, the same layout at any size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.datasets.backgrounds import SEMANTIC_CLASSES, SETTINGS, paint
from training.datasets.captions import Arrangement, describe
from training.datasets.compositing import put
from training.datasets.layout import arrange
from training.datasets.scene_config import SceneConfig
from training.datasets.stickers import extent

__all__ = ["Box", "Scene", "SceneConfig", "make_scene"]

_OBJECT = SEMANTIC_CLASSES.index("object")


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
    """Return the scene of a seed, any whole number: the same seed and config always give the same bytes."""
    choose, scenery, words = (_generator(seed, stream) for stream in range(3))
    background = _choose_background(choose, config)
    style = config.styles[int(choose.integers(len(config.styles)))]
    names = _choose_things(choose, config)
    mirrored = config.mirror and bool(choose.random() < 0.5)
    setting = SETTINGS[background]
    extents = [_visible(name, style, mirrored) for name in names]
    arrangement, placements = arrange(choose, extents, config.scale_for(len(names)), setting)
    backdrop = paint(background, scenery, config.size)
    image, masks = backdrop.image, []
    for name, place in zip(names, placements, strict=True):
        masks.append(put(image, name, style, place, mirrored, setting if config.shadow else None))
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


def _generator(seed: int, stream: int) -> np.random.Generator:
    return np.random.default_rng((seed, stream) if seed >= 0 else (-seed, stream, 1))  # numpy takes no sign


def _choose_background(rng: np.random.Generator, config: SceneConfig) -> str:
    names = config.backgrounds
    if config.plain_share is not None:
        plain = bool(rng.random() < config.plain_share)
        names = tuple(name for name in names if name.startswith("plain ") == plain)
    return names[int(rng.integers(len(names)))]


def _choose_things(rng: np.random.Generator, config: SceneConfig) -> list[str]:
    numbers = [number for number, _ in config.counts]
    count = numbers[int(rng.choice(len(numbers), p=[weight / config.weight for _, weight in config.counts]))]
    if count > 1 and (rng.random() < config.same or len(config.classes) < count):
        return [config.classes[int(rng.integers(len(config.classes)))]] * count
    return [config.classes[int(i)] for i in rng.choice(len(config.classes), count, replace=False)]


def _visible(name: str, style: str, mirrored: bool) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = extent(name, style)
    return (1 - x1, y0, 1 - x0, y1) if mirrored else (x0, y0, x1, y1)
