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

AnyConditioner = TypeVar("AnyConditioner", bound="ItemConditioner")


class Conditioner(nn.Module):
    """What makes the conditions of a denoiser, trained with it or frozen.

    Attributes:
        takes: What it makes conditions from, in a word or two for people, such as "prompts".
        has_null: Whether there is a null condition for guidance.
    """

    takes: str
    has_null = False

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

    def telling(self, member: ItemConditioner, condition: Conditioning) -> Conditioning:
        """Return a condition that one of the members made as a condition of the whole: the others tell nothing."""
        return condition

    @property
    def device(self) -> torch.device:
        """Where its weights are; the CPU if it has none."""
        return next((parameter.device for parameter in self.parameters()), torch.device("cpu"))

    @property
    def members(self) -> tuple[ItemConditioner, ...]:
        """The conditioners that it consists of."""
        return ()


class ItemConditioner(Conditioner, ABC):
    """A conditioner for one kind of items."""

    @abstractmethod
    def forward(self, items: Tensor) -> Conditioning:
        """Make conditions from a batch of items (token ids, classes, maps), as a dataset yields them."""

    @abstractmethod
    def null_items(self, items: Tensor) -> Tensor:
        """Return items of the same shape that stand for no condition."""

    def dropped(self, items: Tensor, drop: Tensor) -> Tensor:
        """Replace by null those of the items [b, ...] where `drop` [b] is true."""
        return torch.where(drop.reshape(-1, *[1] * (items.ndim - 1)), self.null_items(items), items)

    @property
    def members(self) -> tuple[ItemConditioner, ...]:
        """Itself."""
        return (self,)


def expect(conditioner: Conditioner, kind: type[AnyConditioner], port: str) -> AnyConditioner:
    """Return the conditioner, or that part of a mixed one, which is of this kind.

    Raises:
        InputError: It is of another kind, so the model was trained with other conditions.
    """
    for member in conditioner.members:
        if isinstance(member, kind):
            return member
    raise InputError(
        f"This model takes {conditioner.takes}, not {kind.takes}.",
        why="A denoiser understands only the kind of condition that it was trained with.",
        fix=f"Use the node for {conditioner.takes}, or load a model that takes {kind.takes}.",
        port=port,
    )
