"""The mask value that nodes pass on: which part of a picture to change."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the customary name

from core.errors import InputError
from core.imaging import painted
from core.imaging.image import Image


@dataclass(frozen=True)
class Mask:
    """A batch of masks: `values` [b, 1, h, w], float32 in [0, 1]; 1 = painted, to change; 0 = to keep."""

    values: Tensor

    def loom_summary(self) -> str:
        """Return a line for people."""
        return f"{self.values.shape[-1]} × {self.values.shape[-2]} pixels, {float(self.values.mean()):.0%} painted"

    def inverted(self) -> Mask:
        """Return the mask with painted and unpainted exchanged."""
        return Mask(1 - self.values)

    def grown(self, pixels: int) -> Mask:
        """Return the mask with its painted parts larger by this many pixels on each side, smaller if negative."""
        return Mask(torch.from_numpy(painted.grown(self.values.cpu().numpy(), pixels)))

    def feathered(self, radius: float) -> Mask:
        """Return the mask with its edge blurred by a Gaussian of this deviation in pixels, in 256 steps."""
        if radius <= 0:
            return self
        steps = (self.values * 255).round().to(torch.uint8).cpu().numpy()
        blurred = [painted.feathered(each[0], radius) for each in steps]
        return Mask(torch.stack([torch.from_numpy(each.copy()) for each in blurred])[:, None].float() / 255)

    def resized(self, height: int, width: int) -> Mask:
        """Return the mask at another size, each pixel that of the nearest one."""
        return Mask(F.interpolate(self.values, (height, width), mode="nearest"))


def mask_of(image: Image, threshold: float = 0.5) -> Mask:
    """Return the mask that paints where a picture is brighter than `threshold`, 0 = black to 1 = white."""
    brightness = (image.pixels.mean(1, keepdim=True) + 1) / 2
    return Mask((brightness > threshold).float())


def painted_mask(text: str) -> Mask:
    """Return the mask [1, 1, h, w] that a setting holds, as `core.imaging.painted` packs it.

    Raises:
        InputError: The text is damaged.
    """
    return Mask(torch.from_numpy(painted.unpack(text))[None, None].float() / 255)


def expect_size(mask: Mask, image: Image, port: str = "mask") -> None:
    """Refuse a mask that is not of the picture's size; nothing is ever scaled in silence.

    Raises:
        InputError: The sizes or the numbers of pictures differ.
    """
    (count, _, height, width), (b, _, h, w) = mask.values.shape, image.pixels.shape
    if (height, width) != (h, w):
        raise InputError(
            f"The mask is {width} × {height} pixels, the picture {w} × {h}.",
            why="Each pixel of the mask says whether one of the picture changes.",
            fix="Paint the mask on this picture, or put a Resize mask node before it.", port=port,
        )  # fmt: skip
    if count not in (1, b):
        raise InputError(
            f"There are {count} masks for {b} pictures.", why="Each picture needs one, or all the same.",
            fix="Connect one mask, or as many as there are pictures.", port=port,
        )  # fmt: skip
