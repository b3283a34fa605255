"""What goes on around a mask: putting a changed part back, filling it first, working on a crop, extending a picture.

Pictures are [b, 3, h, w] in [-1, 1], masks [b or 1, 1, h, w] in [0, 1]; 1 = painted, to change.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the customary name

from core.errors import InputError
from core.imaging.image import Image
from core.imaging.mask import Mask, expect_size
from core.randomness import NoiseSource

FILLS = ("original", "neutral", "blur", "noise", "border")


@dataclass(frozen=True)
class Region:
    """A part of a picture that was cut out to be changed.

    Attributes:
        left, top, width, height: In the whole picture, in pixels.
    """

    left: int
    top: int
    width: int
    height: int

    def loom_summary(self) -> str:
        """Return a line for people."""
        return f"{self.width} × {self.height} pixels at {self.left}, {self.top}"

    def of(self, values: Tensor) -> Tensor:
        """Return the part of [b, c, h, w]."""
        return values[..., self.top : self.top + self.height, self.left : self.left + self.width]


def composite(source: Image, changed: Image, mask: Mask) -> Image:
    """Lay the changed picture over its source where the mask is painted.

    Where the mask is 0 every pixel is the source's, bit for bit; where it is 1, the changed one's.

    Raises:
        InputError: The sizes differ.
    """
    expect_size(mask, source)
    _expect_same(source, changed)
    share = mask.values
    mixed = torch.lerp(source.pixels, changed.pixels, share)
    return Image(torch.where(share <= 0, source.pixels, torch.where(share >= 1, changed.pixels, mixed)))


def filled(image: Image, mask: Mask, fill: str, seed: int = 0) -> Image:
    """Put something in place of the painted part, for a denoiser to begin with.

    Args:
        fill: original: nothing changes; neutral: grey; blur: what lies around, smoothly continued; noise: Gaussian;
            border: each pixel is that of the nearest one that is kept.

    Raises:
        InputError: The sizes differ, or nothing is left to take colours from.
    """
    expect_size(mask, image)
    if fill == "original":
        return image
    if fill == "neutral":
        inside = torch.zeros_like(image.pixels)
    elif fill == "noise":
        inside = NoiseSource(range(seed, seed + len(image.pixels)))(image.pixels).clamp(-1, 1)
    else:
        kept = (mask.values < 0.5).float().expand(len(image.pixels), -1, -1, -1)
        if not bool(kept.flatten(1).any(1).all()):
            raise InputError(
                "The whole picture is painted.", why=f"Filling by {fill} takes its colours from what is kept.",
                fix="Leave a part unpainted, or choose neutral or noise.", port="mask",
            )  # fmt: skip
        inside = _blurred_inward(image.pixels, kept) if fill == "blur" else _nearest_kept(image.pixels, kept)
    return composite(image, Image(inside.to(image.pixels)), mask)


def region_around(mask: Mask, padding: int, ratio: float) -> Region:
    """Return the smallest part of a picture around what is painted, with padding, of the given width to height.

    Where the picture is too small for that shape, the part ends at its edge and has another.

    Raises:
        InputError: Nothing is painted.
    """
    painted = (mask.values > 0).any(0)[0]
    height, width = painted.shape
    if not bool(painted.any()):
        raise InputError(
            "Nothing is painted.", why="The crop is taken around what is painted.", fix="Paint the mask first.",
            port="mask",
        )  # fmt: skip
    rows, columns = torch.nonzero(painted.any(1))[:, 0], torch.nonzero(painted.any(0))[:, 0]
    top, bottom = int(rows[0]) - padding, int(rows[-1]) + 1 + padding
    left, right = int(columns[0]) - padding, int(columns[-1]) + 1 + padding
    high = max(bottom - top, round((right - left) / ratio))
    wide = max(right - left, round(high * ratio))
    left, wide = _within((left + right - wide) // 2, wide, width)
    top, high = _within((top + bottom - high) // 2, high, height)
    return Region(left, top, wide, high)


def stitched(source: Image, changed: Image, region: Region, mask: Mask) -> Image:
    """Put a changed crop, of any size, back into its picture where the mask of the whole picture is painted.

    Raises:
        InputError: The mask is not of the picture's size, or the region reaches beyond it.
    """
    expect_size(mask, source)
    height, width = source.pixels.shape[-2:]
    if region.left + region.width > width or region.top + region.height > height:
        raise InputError(
            f"The crop of {region.loom_summary()} reaches beyond the picture of {width} × {height}.",
            why="It was cut out of another picture.", fix="Connect the picture that was cropped.", port="source",
        )  # fmt: skip
    part = resized(changed.pixels, region.height, region.width)
    whole = source.pixels.expand(max(len(source.pixels), len(part)), -1, -1, -1).clone()
    region.of(whole)[...] = part
    inside = torch.zeros_like(mask.values)
    region.of(inside)[...] = region.of(mask.values)
    return composite(Image(source.pixels.expand_as(whole)), Image(whole), Mask(inside))


def extended(image: Image, left: int, top: int, right: int, bottom: int) -> tuple[Image, Mask]:
    """Extend a picture by its edge pixels; the mask paints what is new."""
    sides = (left, right, top, bottom)
    wide = F.pad(image.pixels, sides, mode="replicate")
    new = F.pad(torch.zeros_like(image.pixels[:1, :1]), sides, value=1.0)
    return Image(wide), Mask(new)


def resized(pixels: Tensor, height: int, width: int) -> Tensor:
    """Return [b, c, h, w] at another size, smoothly; unchanged where it has that size."""
    if pixels.shape[-2:] == (height, width):
        return pixels
    return F.interpolate(pixels, (height, width), mode="bicubic", antialias=True, align_corners=False).clamp(-1, 1)


def _expect_same(source: Image, changed: Image) -> None:
    """Refuse pictures of different sizes."""
    if source.pixels.shape[-2:] != changed.pixels.shape[-2:]:
        (h, w), (other_h, other_w) = source.pixels.shape[-2:], changed.pixels.shape[-2:]
        raise InputError(
            f"The changed picture is {other_w} × {other_h} pixels, its source {w} × {h}.",
            why="They are laid over each other pixel by pixel.",
            fix="Put a Resize image node before the source, where the loop begins, so that both have one size.",
            port="changed",
        )


def _within(start: int, length: int, limit: int) -> tuple[int, int]:
    """Move an interval into 0 to limit, and shorten it where it is longer."""
    length = min(length, limit)
    return max(0, min(start, limit - length)), length


def _blurred_inward(pixels: Tensor, kept: Tensor) -> Tensor:
    """Continue what is kept smoothly: means over ever larger squares of what is known (pull-push).

    Gortler, Grzeszczuk, Szeliski and Cohen, "The Lumigraph" (1996), section 3.4.
    """
    sums, weights = pixels * kept, kept
    levels = []
    while max(sums.shape[-2:]) > 1:
        levels.append((sums, weights))
        sums = F.avg_pool2d(sums, 2, ceil_mode=True, count_include_pad=False)
        weights = F.avg_pool2d(weights, 2, ceil_mode=True, count_include_pad=False)
    filled = sums / weights
    for sums, weights in reversed(levels):
        coarse = F.interpolate(filled, sums.shape[-2:], mode="bilinear", align_corners=False)
        known = sums / weights.clamp(min=1e-8)
        filled = torch.lerp(coarse, known, weights.clamp(max=1).expand_as(known))
    return filled


def _nearest_kept(pixels: Tensor, kept: Tensor) -> Tensor:
    """Give each pixel that of a nearest kept one: jump flooding (Rong and Tan, 2006) with steps halved each round."""
    _, _, height, width = pixels.shape
    rows = torch.arange(height).view(1, 1, height, 1).expand_as(kept)
    columns = torch.arange(width).view(1, 1, 1, width).expand_as(kept)
    far = 4 * (height + width)
    place = torch.stack([torch.where(kept > 0, axis, -far) for axis in (rows, columns)])
    step = 1 << (max(height, width) - 1).bit_length()
    while step >= 1:
        for down in (-step, 0, step):
            for across in (-step, 0, step):
                near = _shifted(place, down, across, -far)
                better = _distance(near, rows, columns) < _distance(place, rows, columns)
                place = torch.where(better, near, place)
        step //= 2
    found = (place[0] * width + place[1]).clamp(0, height * width - 1).flatten(2).expand(-1, 3, -1)
    return pixels.flatten(2).gather(2, found).view_as(pixels)


def _shifted(values: Tensor, down: int, across: int, outside: int) -> Tensor:
    """Return what lies `down` rows and `across` columns further at each place."""
    height, width = values.shape[-2:]
    moved = torch.full_like(values, outside)
    if abs(down) < height and abs(across) < width:
        to_rows, from_rows = slice(max(0, -down), height - max(0, down)), slice(max(0, down), height + min(0, down))
        to_columns, from_columns = (
            slice(max(0, -across), width - max(0, across)),
            slice(max(0, across), width + min(0, across)),
        )
        moved[..., to_rows, to_columns] = values[..., from_rows, from_columns]
    return moved


def _distance(place: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Return the squared distance to a place [2, b, 1, h, w]."""
    return (place[0] - rows) ** 2 + (place[1] - columns) ** 2
