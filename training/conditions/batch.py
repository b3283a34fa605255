"""Rows of a training set as conditions are made from them: what is known, read only when it is asked for."""

from __future__ import annotations

from functools import cached_property

import torch
from torch import Tensor

from core.imaging.image import from_uint8
from core.randomness import generator
from training.data.item import Item, Record
from training.data.training_set import TrainingSet


class Batch:
    """Some rows of a training set, in an order.

    Attributes:
        data: The training set.
        rows: Which, [b], int64.
    """

    def __init__(self, data: TrainingSet, rows: Tensor, *stream: int | str, first: int = 0) -> None:
        """Take `rows`; `stream` decides what is random of each, `first` is the position of the first of them in it."""
        self.data, self.rows = data, rows
        self._stream, self._first = stream, first

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def captions(self) -> list[str]:
        """The captions, as true of how the pictures are shown."""
        return [self.data.captions[row] for row in self.rows.tolist()]

    @property
    def records(self) -> list[Record]:
        """What is known without reading pictures."""
        return [self.data.source.records[row % len(self.data)] for row in self.rows.tolist()]

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """The items with their pictures, cut and mirrored as the rows say."""
        return tuple(self.data.item(row) for row in self.rows.tolist())

    @cached_property
    def pixels(self) -> Tensor:
        """The pictures, [b, 3, h, w] in [-1, 1]; the rows have to be of one bucket."""
        return torch.cat([from_uint8(item.image[None]) for item in self.items])

    def generator(self, index: int, purpose: str) -> torch.Generator:
        """Return a random stream of its own for the row at `index`, whatever else is in the batch."""
        return generator(*self._stream, purpose, self._first + index)
