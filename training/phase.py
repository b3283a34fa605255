"""What the training loop needs of a phase, and what phases share."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from training.config import HALF, OptimizerConfig
from training.control import Poll


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
        precision: float32, bfloat16 or float16; gradients of the last are scaled.
        parts: In how many parts, one after the other, the loss of a step is computed.
        device: Where its networks are.
        blocks: Networks that ranks may share out, inner ones before those that hold them; none = it has no large ones.
    """

    name: str
    precision: str
    parts: int
    steps: int
    batch_size: int
    ema_decay: float
    optimizer: OptimizerConfig
    device: torch.device
    blocks: Sequence[nn.Module]

    @property
    def critic(self) -> Critic | None:
        """What learns against the module, if anything does."""
        ...

    @property
    def module(self) -> nn.Module:
        """Everything that is trained or saved."""
        ...

    def loss(self, step: int, part: int = 0) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss of a part of a step and its terms for the log; of the weights and the step alone.

        The step's loss is the mean of its parts'.
        """
        ...

    def sample_grid(self, poll: Poll) -> np.ndarray:
        """Return a picture of what the module does now, from fixed seeds, [h, w, 3] uint8.

        It calls `poll` at least once in each denoising step, which may raise `Cancelled`.
        """
        ...

    def held_out_loss(self, poll: Poll) -> float:
        """Return the loss on what is never trained on, with fixed noise and times; calls `poll` between batches."""
        ...

    def evaluate(self, poll: Poll) -> dict[str, float]:
        """Return figures of quality on what is never trained on, as `RunConfig.evaluation` asks for."""
        ...

    def finish(self, models: Path, poll: Poll) -> None:
        """Write the finished model (the module holds the averaged weights now) to the folder `models`.

        It calls `poll` between batches of what it measures before.
        """
        ...


def autocast(precision: str, device: torch.device) -> AbstractContextManager[object]:
    """Compute in bfloat16 or float16 on a device where `precision` says so."""
    kind = torch.float16 if precision == HALF else torch.bfloat16
    return torch.autocast(device.type, kind, enabled=precision != "float32")


def part_of(batch_size: int, part: int, parts: int) -> slice:
    """Return which samples of a batch are in one of its equal parts."""
    size = batch_size // parts
    return slice(part * size, (part + 1) * size)


def tile(images: np.ndarray, columns: int, gap: int = 2) -> np.ndarray:
    """Lay images [n, h, w, 3] uint8 out in rows of at most `columns`, [h', w', 3] uint8."""
    n, h, w, _ = images.shape
    columns = min(columns, n)  # a single one makes no row of empty places
    rows = -(-n // columns)
    sheet = np.full((rows * (h + gap) - gap, columns * (w + gap) - gap, 3), 24, np.uint8)
    for index, image in enumerate(images):
        y, x = index // columns * (h + gap), index % columns * (w + gap)
        sheet[y : y + h, x : x + w] = image
    return sheet
