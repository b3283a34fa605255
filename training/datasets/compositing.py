"""Put a sticker into a painted picture: its shadow or light first, then the sticker itself, blended at its edges."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from training.datasets.backgrounds import Setting
from training.datasets.layout import Placement
from training.datasets.stickers import placed_sprite

_GLOW = np.asarray((196, 200, 255), np.float32)


def put(
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
