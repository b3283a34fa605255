"""The mask value that nodes pass on: which part of a picture to change."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the customary name

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
        if pixels < 0:
            return self.inverted().grown(-pixels).inverted()
        return Mask(F.max_pool2d(self.values, 2 * pixels + 1, stride=1, padding=pixels))

    def resized(self, height: int, width: int) -> Mask:
        """Return the mask at another size, each pixel that of the nearest one."""
        return Mask(F.interpolate(self.values, (height, width), mode="nearest"))


def mask_of(image: Image, threshold: float = 0.5) -> Mask:
    """Return the mask that paints where a picture is brighter than `threshold`, 0 = black to 1 = white."""
    brightness = (image.pixels.mean(1, keepdim=True) + 1) / 2
    return Mask((brightness > threshold).float())
