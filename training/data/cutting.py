"""Fitting items to a shape: scaled to cover it, cut, mirrored; boxes, masks and semantic maps follow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.conditioning.layout import Box
from core.randomness import derived_seed
from training.data.buckets import Size
from training.data.item import Item
from training.data.mirrored_words import mirrored

VISIBLE = 0.1  # a box with less of its area in the cut is left out


@dataclass(frozen=True)
class Look:
    """How an item is shown: where the cut lies, 0 to 1 of the room on both axes, and whether it is mirrored."""

    x: float = 0.5
    y: float = 0.5
    mirrored: bool = False


def look(seed: int, epoch: int, index: int, *, random_crop: bool, flip: bool) -> Look:
    """Return how the item `index` is shown in an epoch; with `flip`, every other epoch, half of the items in each."""
    x, y = (_uniform(seed, f"crop {axis}", epoch, index) if random_crop else 0.5 for axis in "xy")
    turned = flip and (derived_seed(seed, "flip", index) + epoch) % 2 == 1
    return Look(x, y, turned)


def covering(item: Item, size: Size) -> Item:
    """Scale an item so that it just covers `size`; indices of masks and maps are not mixed."""
    height, width = item.image.shape[:2]
    scale = max(size[0] / width, size[1] / height)
    target = (max(size[0], round(width * scale)), max(size[1], round(height * scale)))
    if target == (width, height):
        return item
    image = Image.fromarray(item.image).resize(target, Image.Resampling.LANCZOS)
    return replace(
        item, image=np.asarray(image), mask=_indices(item.mask, target), semantic=_indices(item.semantic, target)
    )


def cut(item: Item, size: Size, shown: Look) -> Item:
    """Cut a covering item to `size`, and mirror it if its look says so and its caption allows."""
    w, h = size
    height, width = item.image.shape[:2]
    x, y = round((width - w) * shown.x), round((height - h) * shown.y)
    window = np.s_[y : y + h, x : x + w]
    part = replace(
        item,
        image=item.image[window],
        mask=None if item.mask is None else item.mask[window],
        semantic=None if item.semantic is None else item.semantic[window],
        boxes=tuple(box for old in item.boxes if (box := _box(old, x / width, y / height, w / width, h / height))),
    )
    return mirror(part) if shown.mirrored else _whole(part)


def mirror(item: Item) -> Item:
    """Return the item seen in a mirror, or as it is where its caption would not be true."""
    caption = mirrored(item.caption)
    if caption is None:
        return _whole(item)
    return _whole(
        replace(
            item,
            caption=caption,
            image=item.image[:, ::-1],
            mask=None if item.mask is None else item.mask[:, ::-1],
            semantic=None if item.semantic is None else item.semantic[:, ::-1],
            boxes=tuple(box.mirrored() for box in item.boxes),
        )
    )


def _whole(item: Item) -> Item:
    """Return the item with arrays of its own, so that no small cut keeps a large picture in memory."""
    return replace(
        item,
        image=np.array(item.image),
        mask=None if item.mask is None else np.array(item.mask),
        semantic=None if item.semantic is None else np.array(item.semantic),
    )


def _box(box: Box, x: float, y: float, w: float, h: float) -> Box | None:
    """Return a box in the coordinates of a window, or None where too little of it is seen."""
    x0, x1 = (min(1.0, max(0.0, (edge - x) / w)) for edge in (box.x, box.x + box.width))
    y0, y1 = (min(1.0, max(0.0, (edge - y) / h)) for edge in (box.y, box.y + box.height))
    if (x1 - x0) * (y1 - y0) <= VISIBLE * (box.width / w) * (box.height / h):
        return None
    return replace(box, x=x0, y=y0, width=x1 - x0, height=y1 - y0)


def _indices(labels: npt.NDArray[Any] | None, target: Size) -> Any:
    if labels is None:
        return None
    scaled = Image.fromarray(labels.astype(np.uint8)).resize(target, Image.Resampling.NEAREST)
    return np.asarray(scaled).astype(labels.dtype)


def _uniform(*stream: int | str) -> float:
    """Return a number in [0, 1) that depends on the whole stream."""
    return derived_seed(*stream) / 2**63
