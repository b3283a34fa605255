"""What phases learn from: the items of any source, cut and mirrored as the configuration says.

A row names an item as it looks in an epoch: row = epoch * count + index (see `training.data.order`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from functools import cached_property

import numpy as np
from torch import Tensor

from core.errors import InputError
from training.data.buckets import Size, make_buckets, nearest_bucket
from training.data.config import BucketConfig, DataConfig
from training.data.cutting import Look, covering, cut, look
from training.data.feed import Feed
from training.data.item import Item, Pixels, Record, Source
from training.data.mirrored_words import mirrored
from training.data.order import BatchOrder, BucketOrder, Order
from training.data.recent import Recent


class TrainingSet:
    """Items of a source as a run sees them.

    Attributes:
        source: Where they come from.
        config: How they are cut.
        sizes: The shapes that they are cut to, (width, height).
        bucket_of: For each item the index into `sizes`.
    """

    def __init__(self, source: Source, config: DataConfig) -> None:
        self.source, self.config = source, config
        self.sizes: tuple[Size, ...] = make_buckets(config.side, config.buckets)
        self.bucket_of = tuple(nearest_bucket(self.sizes, r.width, r.height) for r in source.records)
        self._recent = Recent[Item](0 if source.cheap else config.memory_mb * 2**20, _bytes)

    def __len__(self) -> int:
        return len(self.source.records)

    @property
    def views(self) -> int:
        """How many different looks of an item the second stage learns from."""
        return self.config.views

    @cached_property
    def fingerprint(self) -> str:
        """A hash of everything that a row holds."""
        c = self.config
        looks = [c.side, asdict(c.buckets), c.crop, c.flip, c.views, c.captions, c.seed]
        return hashlib.sha256(json.dumps([self.source.fingerprint, looks]).encode()).hexdigest()[:16]

    @cached_property
    def captions(self) -> tuple[str, ...]:
        """The captions of the rows of all `views`; those of mirrored pictures say left for right."""
        found = []
        for epoch in range(self.views):
            for index, record in enumerate(self.source.records):
                caption = self._caption(record)
                turned = self._look(epoch, index).mirrored
                found.append((mirrored(caption) if turned else None) or caption)
        return tuple(found)

    def order(self, seed: int, batch_size: int, *, cached: bool = False) -> BatchOrder:
        """Return the order of rows; of the looks that are `cached`, or with a new look each epoch."""
        views = self.views if cached or self.config.crop == "centre" else 0
        if len(set(self.bucket_of)) > 1:
            return BucketOrder(seed, self.bucket_of, batch_size, views)
        return Order(seed, len(self), batch_size, views)

    def feed(self, order: BatchOrder) -> Feed:
        """Return the pictures of each step of an order, read ahead as configured."""
        return Feed(self.images, order, 0 if self.source.cheap else self.config.prefetch)

    def item(self, row: int) -> Item:
        """Return an item as it looks in that row."""
        epoch, index = divmod(row, len(self))
        covered = self._recent.get(index, self._covering)
        return cut(covered, self.size(index), self._look(epoch, index))

    def size(self, index: int) -> Size:
        """Return the width and height that an item is cut to."""
        return self.sizes[self.bucket_of[index]]

    def images(self, rows: Tensor | Iterable[int]) -> Pixels:
        """Return the pictures of rows of one bucket, uint8 [b, h, w, 3]."""
        return np.stack([self.item(int(row)).image for row in rows])

    def first(self, count: int) -> Pixels:
        """Return the pictures of the first items, `count` at most, which have to be of one bucket."""
        return self.images(range(min(count, len(self))))

    def shown(self, count: int) -> TrainingSet:
        """Return the first `count` items for showing and measuring: in their middle square, never mirrored."""
        plain = replace(self.config, crop="centre", flip=False, buckets=BucketConfig())
        return TrainingSet(_First(self.source, count), plain)

    def check_factor(self, factor: int) -> None:
        """Refuse shapes that an autoencoder cannot encode; `factor` is its downsampling.

        Raises:
            InputError: A side is no multiple of `factor`.
        """
        wrong = next((side for size in self.sizes for side in size if side % factor), None)
        if wrong is not None:
            below = max(factor, wrong // factor * factor)
            raise InputError(
                f"Pictures with a side of {wrong} pixels cannot be encoded.",
                why=f"This autoencoder needs multiples of {factor}.",
                fix=f"Set data.size (of scenes: data.scenes.size) to {below} or {wrong // factor * factor + factor}, "
                f"and data.buckets.step to a multiple of {factor}.",
            )

    def _covering(self, index: int) -> Item:
        item = self.source.read(index)
        return covering(replace(item, caption=self._caption(self.source.records[index])), self.size(index))

    def _caption(self, record: Record) -> str:
        return {"given": record.caption, "class": record.class_name, "none": ""}[self.config.captions]

    def _look(self, epoch: int, index: int) -> Look:
        random = self.config.crop == "random"
        return look(self.config.seed, epoch, index, random_crop=random, flip=self.config.flip)


class _First:
    """The first items of a source."""

    def __init__(self, source: Source, count: int) -> None:
        self.records, self.cheap, self._source = source.records[:count], source.cheap, source

    @property
    def fingerprint(self) -> str:
        return f"{self._source.fingerprint}/{len(self.records)}"

    def read(self, index: int) -> Item:
        return self._source.read(index)


def _bytes(item: Item) -> int:
    arrays = (item.image, item.mask, item.semantic)
    return 1024 + sum(array.nbytes for array in arrays if array is not None)
