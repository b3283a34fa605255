"""Several conditions at once: the "hybrid" models of the reference, such as a prompt beside a masked picture.

Rombach et al. (arXiv 2112.10752), section 3.3: cross-attention and concatenation do not exclude one another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import cast

from torch import Tensor, nn

from core.conditioning.conditioner import Conditioner, ItemConditioner
from core.conditioning.conditioning import Conditioning


class MixedConditioner(Conditioner):
    """The conditioners of a denoiser that is told several things; what each of them makes applies beside the others.

    Attributes:
        parts: They, by name, in the order in which the denoiser expects their tokens and maps.
    """

    def __init__(self, parts: Mapping[str, ItemConditioner]) -> None:
        super().__init__()
        self.parts = nn.ModuleDict(parts)
        self.takes = " and ".join(part.takes for part in self.members)

    @property
    def members(self) -> tuple[ItemConditioner, ...]:
        """The parts, in their order."""
        return tuple(cast(ItemConditioner, part) for part in self.parts.values())

    @property
    def has_null(self) -> bool:  # type: ignore[override]
        """Whether guidance can leave out any of them."""
        return any(part.has_null for part in self.members)

    def telling(self, member: ItemConditioner, condition: Conditioning) -> Conditioning:
        """Return a condition that one part made with the null conditions of those others that have one."""
        others = ((name, cast(ItemConditioner, part)) for name, part in self.parts.items() if part is not member)
        return replace(condition, untold={name: part.null() for name, part in others if part.has_null})

    def forward(self, items: Sequence[Tensor]) -> Conditioning:
        """Make conditions from a batch of items for each part."""
        return beside([part(batch) for part, batch in zip(self.members, items, strict=True)])

    def null(self, count: int = 1) -> Conditioning:
        """Return the null conditions of those parts that have one, a batch of `count`.

        Raises:
            InputError: None of them has one.
        """
        if not self.has_null:
            return super().null(count)
        return beside([part.null(count) for part in self.members if part.has_null])


def beside(conditions: Sequence[Conditioning]) -> Conditioning:
    """Return the mix of conditions, none or more, each of which applies."""
    return reduce(Conditioning.beside, conditions, Conditioning())
