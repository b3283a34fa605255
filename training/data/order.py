"""The order in which items are learned from: a function of (seed, epoch, index), so the position is just the step.

A row names an item as it looks in an epoch: row = epoch * count + index. Where only some looks of an item exist, as
in a cache of latents, the epoch is taken modulo their number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from core.randomness import generator


class BatchOrder(Protocol):
    """Which rows make up the batch of each step."""

    def batch(self, step: int) -> Tensor:
        """Return the rows of a step, [batch_size], int64."""
        ...


class Order:
    """Every epoch is a new permutation; a batch may begin in one epoch and end in the next."""

    def __init__(self, seed: int, count: int, batch_size: int, views: int = 1) -> None:
        """Order `count` items with `views` looks each; 0 = a new look each epoch."""
        self.seed, self.count, self.batch_size, self.views = seed, count, batch_size, views
        self._epoch, self._permutation = -1, torch.empty(0, dtype=torch.long)

    def batch(self, step: int) -> Tensor:
        """Return the rows of a step, [batch_size], int64."""
        positions = range(step * self.batch_size, (step + 1) * self.batch_size)
        return torch.stack([self._at(position) for position in positions])

    def _at(self, position: int) -> Tensor:
        epoch, index = divmod(position, self.count)
        if epoch != self._epoch:
            self._permutation = _shuffled(self.count, self.seed, "order", epoch)
            self._epoch = epoch
        return self._permutation[index] + _look(epoch, self.views) * self.count


class BucketOrder:
    """As `Order`, with every batch from one bucket, so that its pictures have one shape.

    An epoch shows every item; the last batch of a bucket is filled up from its beginning.
    """

    def __init__(self, seed: int, buckets: Sequence[int], batch_size: int, views: int = 1) -> None:
        """Order items, `buckets[i]` being the bucket of item i."""
        self.seed, self.batch_size, self.views = seed, batch_size, views
        of = torch.tensor(buckets)
        self.count = len(of)
        self._members = [(of == bucket).nonzero()[:, 0] for bucket in of.unique()]
        self._steps = sum(-(-len(members) // batch_size) for members in self._members)
        self._epoch, self._batches = -1, torch.empty(0, dtype=torch.long)

    def batch(self, step: int) -> Tensor:
        """Return the rows of a step, [batch_size], int64."""
        epoch, index = divmod(step, self._steps)
        if epoch != self._epoch:
            self._batches, self._epoch = self._arrange(epoch), epoch
        return self._batches[index] + _look(epoch, self.views) * self.count

    def _arrange(self, epoch: int) -> Tensor:
        """Return the batches of an epoch, [steps, batch_size]."""
        found = []
        for bucket, members in enumerate(self._members):
            shuffled = members[_shuffled(len(members), self.seed, "order", epoch, bucket)]
            length = -(-len(members) // self.batch_size) * self.batch_size
            filled = shuffled[torch.arange(length) % len(members)]
            found.append(filled.view(-1, self.batch_size))
        return torch.cat(found)[_shuffled(self._steps, self.seed, "batches", epoch)]


def _look(epoch: int, views: int) -> int:
    return epoch % views if views else epoch


def _shuffled(count: int, *stream: int | str) -> Tensor:
    return torch.randperm(count, generator=generator(*stream))
