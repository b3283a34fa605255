"""What all kinds of conditions have in common in training."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from core.conditioning.conditioner import ItemConditioner
from core.conditioning.conditioning import Conditioning
from core.imaging.image import Pixels
from training.conditions.batch import Batch


class Condition(ABC):
    """Reads the items of one conditioner from data.

    Attributes:
        conditioner: What makes conditions from them.
        trained: Whether the conditioner learns with the denoiser.
    """

    trained = True

    def __init__(self, conditioner: ItemConditioner) -> None:
        self.conditioner = conditioner

    @abstractmethod
    def items(self, batch: Batch) -> Tensor:
        """Return what the conditioner takes for each row, [b, ...], on the CPU.

        Raises:
            InputError: The data does not tell it.
        """

    def made(self, batch: Batch, drop: Tensor | None, device: torch.device) -> Conditioning:
        """Make the conditions of a batch; those where `drop` [b] is true, as for guidance, become the null condition.

        Guidance leaves maps as they are, so conditioners without a null condition drop nothing.
        """
        items = self.items(batch).to(device)
        if drop is not None and self.conditioner.has_null:
            items = self.conditioner.dropped(items, drop.to(device))
        made: Conditioning = self.conditioner(items)
        return made

    def pictures(self, batch: Batch) -> Pixels | None:
        """Return the conditions as people see them, uint8 [b, h, w, 3], or None where there is nothing to see."""
        return None
