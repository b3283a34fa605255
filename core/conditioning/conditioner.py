"""What all conditioners have in common: they turn a batch of items into conditions, and know the null condition.

Rombach et al. (arXiv 2112.10752), section 3.3, the encoder tau_theta; the null condition is that of classifier-free
guidance (Ho and Salimans, arXiv 2207.12598), where training replaces a share of the conditions by it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TypeVar

import torch
from torch import Tensor, nn

from core.conditioning.conditioning import Conditioning
from core.errors import InputError

AnyConditioner = TypeVar("AnyConditioner", bound="Conditioner")


class Conditioner(nn.Module, ABC):
    """A network, trained with the denoiser or frozen, that makes conditions.

    Attributes:
        takes: What it makes conditions from, in a word or two for people, such as "prompts".
    """

    takes: str

    @abstractmethod
    def forward(self, items: Tensor) -> Conditioning:
        """Make conditions from a batch of items (token ids, classes, maps), as a dataset yields them."""

    @abstractmethod
    def null_items(self, items: Tensor) -> Tensor:
        """Return items of the same shape that stand for no condition."""

    def dropped(self, items: Tensor, drop: Tensor) -> Tensor:
        """Replace by null those of the items [b, ...] where `drop` [b] is true."""
        return torch.where(drop.reshape(-1, *[1] * (items.ndim - 1)), self.null_items(items), items)

    def null(self, count: int = 1) -> Conditioning:
        """Return the null condition for guidance, a batch of `count`.

        Raises:
            InputError: Conditions of this kind depend on a picture; guidance leaves them as they are.
        """
        raise InputError(
            f"There is no null condition for {self.takes}.",
            why="Guidance uses the same map with and without the other conditions.",
            fix="Leave the negative input empty, or connect an empty prompt.", port="conditioner",
        )  # fmt: skip

    @property
    def device(self) -> torch.device:
        """Where its weights are; the CPU if it has none."""
        return next((parameter.device for parameter in self.parameters()), torch.device("cpu"))


def expect(conditioner: Conditioner, kind: type[AnyConditioner], port: str) -> AnyConditioner:
    """Return the conditioner if it is of this kind.

    Raises:
        InputError: It is of another kind, so the model was trained with other conditions.
    """
    if isinstance(conditioner, kind):
        return conditioner
    raise InputError(
        f"This model takes {conditioner.takes}, not {kind.takes}.",
        why="A denoiser understands only the kind of condition that it was trained with.",
        fix=f"Use the node for {conditioner.takes}, or load a model that takes {kind.takes}.",
        port=port,
    )
