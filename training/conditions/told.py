"""All that the denoiser is told in a run: one kind of condition, a mix of several, or nothing."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from core.conditioning.conditioner import Conditioner
from core.conditioning.conditioning import Conditioning
from core.conditioning.mixed import MixedConditioner, beside
from core.conditioning.unconditional import Unconditional
from core.imaging.image import Pixels
from training.conditions.batch import Batch
from training.conditions.condition import Condition


class Told:
    """Conditions by kind, in the order in which the denoiser is told them.

    Attributes:
        parts: They; none for an unconditional model.
        conditioner: What is saved with the denoiser.
    """

    def __init__(self, parts: Mapping[str, Condition], conditioner: Conditioner | None = None) -> None:
        """Join conditions; `conditioner` is theirs, if there is one already that joins them."""
        self.parts = dict(parts)
        self.conditioner = conditioner or _joined(self.parts)

    @property
    def trained(self) -> nn.ModuleDict:
        """The conditioners that learn with the denoiser, by kind; some have nothing that could."""
        parts = {kind: part.conditioner for kind, part in self.parts.items() if part.trained}
        return nn.ModuleDict({kind: one for kind, one in parts.items() if next(one.parameters(), None) is not None})

    def to(self, device: torch.device) -> None:
        """Move all conditioners."""
        for part in self.parts.values():
            part.conditioner.to(device)

    def made(self, batch: Batch, drop: Tensor, device: torch.device) -> Conditioning:
        """Make the conditions of a batch; those of part k where `drop` [k, b] is true become null."""
        parts = zip(self.parts.values(), drop, strict=True)
        return beside([part.made(batch, dropped, device) for part, dropped in parts])

    def null(self, batch: Batch, device: torch.device) -> Conditioning | None:
        """Make what guidance moves away from, or None where nothing can be left out."""
        if not any(part.conditioner.has_null for part in self.parts.values()):
            return None
        return self.made(batch, torch.ones(len(self.parts), len(batch), dtype=torch.bool), device)

    def pictures(self, batch: Batch) -> list[Pixels]:
        """Return what of the conditions can be seen, uint8 [b, h, w, 3] each."""
        seen = (part.pictures(batch) for part in self.parts.values())
        return [pictures for pictures in seen if pictures is not None]


def _joined(parts: Mapping[str, Condition]) -> Conditioner:
    if not parts:
        return Unconditional()
    if len(parts) == 1:
        return next(iter(parts.values())).conditioner
    return MixedConditioner({kind: part.conditioner for kind, part in parts.items()})
