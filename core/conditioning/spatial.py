"""Maps that are concatenated with the noisy latent: semantic maps and low-resolution pictures.

Rombach et al. (arXiv 2112.10752), sections 4.3.2 (semantic synthesis) and 4.4 (super-resolution): "by concatenating
spatially aligned conditioning information to the input". Constructor arguments and parameter names are those of the
reference's SpatialRescaler.
Letters: b batch, c channels, h and w the map's size.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the customary name

from core.conditioning.conditioner import ItemConditioner
from core.conditioning.conditioning import Conditioning
from core.errors import InputError
from core.imaging.image import Image
from core.imaging.semantic_map import SemanticMap

METHODS = ("nearest", "linear", "bilinear", "trilinear", "bicubic", "area")


class SpatialRescaler(ItemConditioner):
    """Scales a map down in stages, and mixes its channels.

    Args (names of the reference implementation):
        n_stages: How often it is scaled; 0 = not at all.
        method: One of `METHODS`; the ones for pictures are nearest, bilinear, bicubic and area.
        multiplier: Factor of a stage, such as 0.5.
        in_channels: Channels of the map; of a semantic map, its classes.
        out_channels: Channels of the result; None = those of the map, without a convolution.
        bias: Whether the 1x1 convolution has one.
        names: Of the classes, for people; may be empty.
    """

    takes = "semantic maps"

    def __init__(
        self,
        n_stages: int = 1,
        method: str = "bilinear",
        multiplier: float = 0.5,
        in_channels: int = 3,
        out_channels: int | None = None,
        bias: bool = False,
        names: Sequence[str] = (),
    ) -> None:
        super().__init__()
        if n_stages < 0 or method not in METHODS:
            raise ValueError(f"n_stages must be 0 or more and method one of {METHODS}; got {n_stages}, {method!r}.")
        self.n_stages, self.method, self.multiplier = n_stages, method, multiplier
        self.in_channels, self.out_channels, self.bias, self.names = in_channels, out_channels, bias, tuple(names)
        self.channel_mapper: nn.Conv2d | None = None
        if out_channels is not None:
            self.channel_mapper = nn.Conv2d(in_channels, out_channels, 1, bias=bias)

    def forward(self, items: Tensor) -> Conditioning:
        """Map [b, in_channels, h, w] to a map at multiplier ** n_stages of the size."""
        for _ in range(self.n_stages):
            items = F.interpolate(items, scale_factor=self.multiplier, mode=self.method)
        return Conditioning(concat=items if self.channel_mapper is None else self.channel_mapper(items))

    def null_items(self, items: Tensor) -> Tensor:
        """Return maps of zeros, which belong to no class."""
        return torch.zeros_like(items)

    def encode(self, semantic_map: SemanticMap) -> Conditioning:
        """Encode semantic maps with classes below `in_channels`."""
        made = self(semantic_map.one_hot(self.in_channels).to(self.device))
        return Conditioning(concat=made.concat, summary="semantic map")


class LowResolution(ItemConditioner):
    """A small picture as it is: super-resolution without noise.

    Args:
        cell: r, pixels of the small picture along the side of a cell of the latent. The paper's first stages have a
            factor of 4 and its models enlarge 4 times, so that r = 1; where the factor is larger than the enlargement,
            the r x r pixels of a cell become channels (Shi et al., arXiv 1609.05158, the other way round).
    """

    takes = "low-resolution pictures"

    def __init__(self, cell: int = 1) -> None:
        super().__init__()
        if cell < 1:
            raise ValueError(f"cell must be 1 or more; got {cell}.")
        self.cell = cell

    def forward(self, items: Tensor) -> Conditioning:
        """Map pictures [b, 3, r h, r w] in [-1, 1] to maps [b, 3 r r, h, w], h and w those of the latent."""
        return Conditioning(concat=F.pixel_unshuffle(items, self.cell))

    def null_items(self, items: Tensor) -> Tensor:
        """Return grey pictures."""
        return torch.zeros_like(items)

    def encode(self, image: Image) -> Conditioning:
        """Take pictures of which r x r pixels become a cell of the latent.

        Raises:
            InputError: A side is no multiple of r.
        """
        height, width = image.pixels.shape[-2:]
        if height % self.cell or width % self.cell:
            below = [max(1, side // self.cell) * self.cell for side in (width, height)]
            raise InputError(
                f"A low-resolution picture of {width} × {height} pixels does not fit this model.",
                why=f"{self.cell} × {self.cell} of its pixels become a cell of the latent.",
                fix=f"Resize it to {below[0]} × {below[1]}.", port="image",
            )  # fmt: skip
        return Conditioning(concat=self(image.pixels).concat, summary="low-resolution picture")
