"""What a sampler reports after each step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class StepRecord:
    """One finished step.

    Attributes:
        index: Steps done before this one, from 0.
        total: Steps in all.
        t: The step of the noise schedule that was left, in [0, T), an int unless it lies between two.
        x: The latent after the step, [b, c, h, w].
        pred_x0: The clean latent that the model expected at this step, [b, c, h, w].
    """

    index: int
    total: int
    t: float
    x: Tensor
    pred_x0: Tensor


StepCallback = Callable[[StepRecord], None]
"""Called after each step; raising `Cancelled` stops the sampler."""
