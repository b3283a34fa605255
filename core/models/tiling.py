"""Encoding and decoding pictures of any size in bounded memory, by overlapping tiles.

Each tile goes through the network alone, with norms that see the whole picture (`shared_norms`). Where tiles overlap,
their results are blended with smooth weights that sum to one; the outer quarter of an overlap has weight 0, as a tile
sees zeros beyond its edge where the picture goes on. Attention reaches no further than its tile.
How near that is to the whole picture, and what it costs: docs/decisions/tiles.md.
Letters: b batch, c channels, h and w the picture's height and width in pixels, f pixels to a latent cell.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the customary name

from core.device import is_out_of_memory, release_memory
from core.errors import DeviceMemoryError
from core.models.first_stage import FirstStageModel
from core.models.shared_norms import shared_norms

OnTile = Callable[[int, int], None]
Function = Callable[[Tensor], Tensor]

WHEN = ("automatic", "never", "always")
AT_ONCE = 1024 * 1024  # pixels that "automatic" gives the network at once


@dataclass(frozen=True, kw_only=True)
class Tiling:
    """When and how pictures are cut.

    Attributes:
        when: "never", "always", or "automatic": above `AT_ONCE` pixels, and where memory runs out.
        size: Side of a tile in pixels. A larger one is nearer to the whole picture.
        overlap: Share of a tile that it has in common with its neighbour, above 0 to 0.5.
    """

    when: str = "automatic"
    size: int = 512
    overlap: float = 0.25

    def __post_init__(self) -> None:
        if self.when not in WHEN:
            raise ValueError(f"when must be one of {', '.join(WHEN)}; got {self.when!r}.")
        if self.size < 1 or not 0 < self.overlap <= 0.5:
            raise ValueError(f"size must be above 0 and overlap at most 0.5; got {self.size} and {self.overlap}.")


AUTOMATIC = Tiling()


def nobody(done: int, total: int) -> None:
    """Tell nobody."""


def encode(model: FirstStageModel, images: Tensor, tiling: Tiling = AUTOMATIC, on_tile: OnTile = nobody) -> Tensor:
    """Map images [b, c, h, w] in [-1, 1], multiples of f, to latents [b, z, h/f, w/f]; arguments as for `decode`."""
    tiles = _Tiles(model, model.latent, cell_in=model.factor, cell_out=1)
    return _bounded(tiles, images, images.shape[-2] * images.shape[-1], tiling, on_tile)


def decode(model: FirstStageModel, latents: Tensor, tiling: Tiling = AUTOMATIC, on_tile: OnTile = nobody) -> Tensor:
    """Map latents [b, z, h/f, w/f] to images [b, c, h, w].

    Args:
        model: The first stage, on the device of the latents.
        latents: Not scaled.
        tiling: When and how to cut.
        on_tile: Told (done, total) after each tile; may raise `Cancelled`.

    Raises:
        DeviceMemoryError: It does not fit the device's memory, not even in tiles if these are allowed.
    """
    tiles = _Tiles(model, model.decode, cell_in=1, cell_out=model.factor)
    return _bounded(tiles, latents, latents.shape[-2] * latents.shape[-1] * model.factor**2, tiling, on_tile)


@dataclass(frozen=True, kw_only=True)
class _Window:
    """One tile's place along one side: its first cell, how many, and its weights, [cells * cell_out]."""

    first: int
    cells: int
    weights: Tensor


@dataclass(frozen=True)
class _Tiles:
    """One direction of a first stage, in tiles.

    Attributes:
        model, function: The network, and its `latent` or `decode`.
        cell_in, cell_out: Samples of the input and of the output that one latent cell covers, each way.
    """

    model: FirstStageModel
    function: Function
    cell_in: int
    cell_out: int

    def __call__(self, x: Tensor, tiling: Tiling, on_tile: OnTile) -> Tensor:
        """Map [b, c, ...] to [b, c', ...], one picture and one tile at a time; blended in float32."""
        tile = max(2, tiling.size // self.model.factor)
        overlap = max(1, round(tile * tiling.overlap))
        height, width = (length // self.cell_in for length in x.shape[-2:])
        grid = list(product(*(_windows(length, tile, overlap, self.cell_out) for length in (height, width))))
        blended: Tensor | None = None
        for index, picture in enumerate(x.split(1)):
            alone = len(grid) == 1
            with nullcontext() if alone else shared_norms(self.model, self.function, self._small(picture, tile)):
                for number, (down, across) in enumerate(grid, start=1):
                    made = self.function(self._cut(picture, down, across, self.cell_in))[0].float()
                    if blended is None:
                        blended = made.new_zeros(len(x), len(made), height * self.cell_out, width * self.cell_out)
                    target = self._cut(blended[index], down, across, self.cell_out)
                    target += made * down.weights.to(made)[:, None] * across.weights.to(made)
                    on_tile(index * len(grid) + number, len(x) * len(grid))
        assert blended is not None
        return blended

    def _small(self, picture: Tensor, tile: int) -> Tensor:
        """Every n-th sample of the picture, as large as a tile: averages would hide the details from the norms."""
        sides = [length // self.cell_in for length in picture.shape[-2:]]
        shrink = max(sides) / tile
        return F.interpolate(picture, [max(1, round(side / shrink)) * self.cell_in for side in sides], mode="nearest")

    @staticmethod
    def _cut(x: Tensor, down: _Window, across: _Window, cell: int) -> Tensor:
        """Return a view of one tile of [..., h, w]."""
        rows = slice(down.first * cell, (down.first + down.cells) * cell)
        return x[..., rows, across.first * cell : (across.first + across.cells) * cell]


def _bounded(tiles: _Tiles, x: Tensor, pixels: int, tiling: Tiling, on_tile: OnTile) -> Tensor:
    automatic = tiling.when == "automatic"
    try:
        if tiling.when == "always" or (automatic and pixels > AT_ONCE):
            return tiles(x, tiling, on_tile)
        some = max(1, AT_ONCE // pixels) if automatic else len(x)
        return torch.cat([tiles.function(part) for part in x.split(some)])
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        if not automatic or pixels > AT_ONCE:
            raise _too_large(tiling) from error
    # Outside of the handler, whose traceback would keep what the first try had allocated.
    release_memory()
    try:
        return tiles(x, tiling, on_tile)
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        raise _too_large(tiling) from error


def _too_large(tiling: Tiling) -> DeviceMemoryError:
    whole = tiling.when == "never"
    return DeviceMemoryError(
        "The picture does not fit into the device's memory.",
        why="Tiles are set to never." if whole else f"Not even tiles of {tiling.size} pixels do.",
        fix="Set tiles to automatic." if whole else f"Use tiles of {max(64, tiling.size // 2)} pixels.",
        port="tiles" if whole else "tile_size",
    )


def _windows(length: int, tile: int, overlap: int, cell: int) -> list[_Window]:
    """Spread tiles over `length` cells; at each sample, `cell` of them to a cell, the weights sum to one."""
    if tile >= length:
        return [_Window(first=0, cells=length, weights=torch.ones(length * cell))]
    count = math.ceil((length - overlap) / (tile - overlap))
    ramp, total, places = _ramp(overlap * cell), torch.zeros(length * cell), []
    for index in range(count):
        first = round(index * (length - tile) / (count - 1))
        weights = torch.ones(tile * cell)
        if index > 0:
            weights[: len(ramp)] = ramp
        if index < count - 1:
            weights[-len(ramp) :] = ramp.flip(0)
        total[first * cell : (first + tile) * cell] += weights
        places.append((first, weights))
    return [
        _Window(first=first, cells=tile, weights=weights / total[first * cell : (first + tile) * cell])
        for first, weights in places
    ]


def _ramp(length: int) -> Tensor:
    """Weights that rise smoothly from 0 to 1 over the middle half of `length` samples."""
    place = (torch.arange(length) + 0.5) / length
    rise = ((place - 0.25) * 2).clamp(0, 1)
    return rise * rise * (3 - 2 * rise)
