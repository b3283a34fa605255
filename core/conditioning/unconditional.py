"""No conditioning: models that make pictures of what they were trained on, and those told only by concatenation."""

from __future__ import annotations

from torch import Tensor

from core.conditioning.conditioner import ItemConditioner
from core.conditioning.conditioning import Conditioning


class Unconditional(ItemConditioner):
    """Gives the empty condition, whatever it gets."""

    takes = "no condition"
    has_null = True

    def forward(self, items: Tensor) -> Conditioning:
        """Return the empty condition."""
        return Conditioning()

    def null_items(self, items: Tensor) -> Tensor:
        """Return the items."""
        return items

    def null(self, count: int = 1) -> Conditioning:
        """Return the empty condition."""
        return Conditioning()
