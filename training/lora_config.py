"""How low-rank changes of a model are trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class LoraConfig:
    """Low-rank adaptation (Hu et al., arXiv 2106.09685).

    Attributes:
        rank: r, of each change.
        alpha: The change is scaled by alpha / r; 0 = alpha is r.
        layers: Which layers of the denoiser change: the projections of its "attention", or "all" that are linear or
            convolutions.
    """

    rank: int = 8
    alpha: float = 0.0
    layers: Literal["attention", "all"] = "attention"

    def __post_init__(self) -> None:
        if self.rank < 1:
            raise ValueError(f"rank must be 1 or more; got {self.rank!r}.")
        if self.alpha < 0:
            raise ValueError(f"alpha must be 0 or more; got {self.alpha!r}.")
