"""What the training loop needs of a phase, and what phases share."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from training.config import OptimizerConfig


class Critic(Protocol):
    """A second network that learns from what the first one makes, such as a discriminator.

    Attributes:
        optimizer: How its weights move.
    """

    optimizer: OptimizerConfig

    @property
    def module(self) -> nn.Module:
        """The network."""
        ...

    def loss(self, step: int) -> tuple[Tensor, dict[str, Tensor]] | None:
        """Return its loss on what the phase's last loss was computed from, and terms for the log; None = not yet."""
        ...


class Phase(Protocol):
    """One part of a run: a module, its loss at each step, and what to show and to keep of it.

    Attributes:
        name: Name of the phase, one of `training.config.PHASES`.
        steps: Steps in all.
        batch_size: Samples a step.
        ema_decay: Limit of the moving average's decay.
        optimizer: How the weights move.
    """

    name: str
    steps: int
    batch_size: int
    ema_decay: float
    optimizer: OptimizerConfig

    @property
    def critic(self) -> Critic | None:
        """What learns against the module, if anything does."""
        ...

    @property
    def module(self) -> nn.Module:
        """Everything that is trained or saved."""
        ...

    def loss(self, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss of a step and its terms for the log; a function of the weights and the step alone."""
        ...

    def sample_grid(self) -> np.ndarray:
        """Return a picture of what the module does now, from fixed seeds, [h, w, 3] uint8."""
        ...

    def finish(self, models: Path) -> None:
        """Write the finished model (the module holds the averaged weights now) to the folder `models`."""
        ...


def autocast(precision: str) -> AbstractContextManager[object]:
    """Compute in bfloat16 where `precision` says so."""
    return torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16")


def tile(images: np.ndarray, columns: int, gap: int = 2) -> np.ndarray:
    """Lay images [n, h, w, 3] uint8 out in rows of `columns`, [h', w', 3] uint8."""
    n, h, w, _ = images.shape
    rows = -(-n // columns)
    sheet = np.full((rows * (h + gap) - gap, columns * (w + gap) - gap, 3), 24, np.uint8)
    for index, image in enumerate(images):
        y, x = index // columns * (h + gap), index % columns * (w + gap)
        sheet[y : y + h, x : x + w] = image
    return sheet
