"""How one weight is called, and laid out, in the two public formats of latent diffusion models.

"CompVis" names are those of the reference implementation, which single files use and this project's modules too;
"diffusers" names are those of model folders. A `Link` knows both and converts either way; nothing is computed, so
going there and back gives the same bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

Shape = tuple[int, ...]


class Layout(StrEnum):
    """How the diffusers tensor lies, seen from the CompVis one."""

    SAME = "same"
    MATRIX = "matrix"  # a 1x1 convolution's weight [o, i, 1, 1] as a matrix [o, i]
    THIRDS = "thirds"  # query, key and value, stacked in CompVis, are three tensors
    TRANSPOSED = "transposed"  # [i, o] as [o, i]


@dataclass(frozen=True)
class Link:
    """One CompVis weight and the diffusers weight, or three, that hold the same numbers."""

    compvis: str
    diffusers: tuple[str, ...]
    layout: Layout = Layout.SAME

    def to_diffusers(self, tensor: Tensor) -> tuple[Tensor, ...]:
        """Lay out the CompVis tensor as diffusers does; views, no copies."""
        if self.layout is Layout.THIRDS:
            return tensor.chunk(3)
        if self.layout is Layout.MATRIX:
            return (tensor.reshape(tensor.shape[:2]),)
        return (tensor.t() if self.layout is Layout.TRANSPOSED else tensor,)

    def to_compvis(self, tensors: tuple[Tensor, ...]) -> Tensor:
        """Lay out the diffusers tensors as CompVis does; a copy only where three become one."""
        if self.layout is Layout.THIRDS:
            from torch import cat  # descriptions are made from headers, without torch

            return cat(tensors)
        tensor = tensors[0]
        if self.layout is Layout.MATRIX:
            return tensor.reshape(*tensor.shape[:2], 1, 1)
        return tensor.t() if self.layout is Layout.TRANSPOSED else tensor

    def diffusers_shape(self, shape: Shape) -> Shape:
        """Return the shape of each diffusers tensor, for that of the CompVis one."""
        if self.layout is Layout.THIRDS:
            return (shape[0] // 3, *shape[1:])
        if self.layout is Layout.MATRIX:
            return shape[:2]
        return shape[::-1] if self.layout is Layout.TRANSPOSED else shape

    def compvis_shape(self, shape: Shape) -> Shape:
        """Return the shape of the CompVis tensor, for that of each diffusers one."""
        if self.layout is Layout.THIRDS:
            return (3 * shape[0], *shape[1:])
        if self.layout is Layout.MATRIX:
            return (*shape[:2], 1, 1)
        return shape[::-1] if self.layout is Layout.TRANSPOSED else shape


@dataclass(frozen=True)
class Links:
    """The links of one network.

    Attributes:
        found: One for each weight that both formats have.
        unknown: Names that have no counterpart, in the format that the links were made from.
    """

    found: tuple[Link, ...] = ()
    unknown: tuple[str, ...] = field(default=())

    def to_diffusers(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Rename and lay out a CompVis state; what is unknown is left out."""
        renamed: dict[str, Tensor] = {}
        for link in self.found:
            renamed |= zip(link.diffusers, link.to_diffusers(tensors[link.compvis]), strict=True)
        return renamed

    def to_compvis(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Rename and lay out a diffusers state; what is unknown is left out."""
        return {link.compvis: link.to_compvis(tuple(tensors[name] for name in link.diffusers)) for link in self.found}

    def diffusers_shapes(self, shapes: Mapping[str, Shape]) -> dict[str, Shape]:
        """Rename the shapes of a CompVis state."""
        return {name: link.diffusers_shape(shapes[link.compvis]) for link in self.found for name in link.diffusers}

    def compvis_shapes(self, shapes: Mapping[str, Shape]) -> dict[str, Shape]:
        """Rename the shapes of a diffusers state."""
        return {link.compvis: link.compvis_shape(shapes[link.diffusers[0]]) for link in self.found}


def links_of(pairs: Iterable[tuple[str, Link | None]]) -> Links:
    """Collect the link of each name; a link that several names share counts once."""
    found: dict[str, Link] = {}
    unknown = []
    for name, link in pairs:
        if link is None:
            unknown.append(name)
        else:
            found[link.compvis] = link
    return Links(tuple(found.values()), tuple(unknown))
