"""Conditions that lie on the picture: semantic maps and low-resolution pictures."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the customary name

from core.conditioning.build import build_item_conditioner
from core.conditioning.conditioner import ItemConditioner
from core.conditioning.conditioning import Conditioning
from core.conditioning.noisy_low_resolution import ImageConcatWithNoiseAugmentation
from core.conditioning.spatial import LowResolution, SpatialRescaler
from core.errors import InputError
from core.imaging.class_colors import colored
from core.imaging.image import Pixels, to_uint8
from training.conditions.batch import Batch
from training.conditions.boxes import box_labels
from training.conditions.condition import Condition
from training.conditions.config import LowResolutionConfig, SemanticMapConfig
from training.data.config import DataConfig
from training.data.item import Item
from training.data.training_set import TrainingSet
from training.datasets.backgrounds import SEMANTIC_CLASSES


class SemanticMapCondition(Condition):
    """What each pixel belongs to; `things` gives the classes of kinds of things that are told apart."""

    def __init__(self, rescaler: SpatialRescaler, things: Mapping[str, int]) -> None:
        super().__init__(rescaler)
        self.classes, self._things = rescaler.in_channels, things

    def items(self, batch: Batch) -> Tensor:
        """Return the maps with a channel for each class, [b, classes, h, w]."""
        labels = torch.from_numpy(self._labels(batch))
        return F.one_hot(labels.long(), self.classes).permute(0, 3, 1, 2).float()

    def pictures(self, batch: Batch) -> Pixels:
        """Colour the maps."""
        return colored(self._labels(batch))

    def _labels(self, batch: Batch) -> Pixels:
        pairs = zip(batch.items, batch.records, strict=True)
        return np.stack([self._map(item, record.name) for item, record in pairs])

    def _map(self, item: Item, name: str) -> Pixels:
        if item.semantic is None:
            raise InputError(
                f"{name} has no semantic map.", why="The denoiser is to be conditioned on semantic maps.",
                fix="Name a map for every picture in metadata.jsonl, or choose another kind of condition.",
            )  # fmt: skip
        labels = labels_of_things(item, self._things) if self._things else item.semantic
        if labels.max() >= self.classes:
            raise InputError(
                f"The semantic map of {name} holds class {labels.max()}.",
                why=f"The configuration says that there are {self.classes} classes, counted from 0.",
                fix="Set second_stage.conditioning.semantic_map.classes to the number of classes.",
            )
        return labels


def labels_of_things(item: Item, things: Mapping[str, int]) -> Pixels:
    """Return an item's map [h, w] where pixels of things bear the number that `things` gives the label of their box.

    Where boxes overlap, a pixel belongs to the smallest; things of other labels stay what the map says.
    """
    assert item.semantic is not None
    labels = item.semantic.copy()
    if item.mask is None:
        return labels
    height, width = labels.shape
    known = [box for box in item.boxes if box.label in things]
    for box in sorted(known, key=lambda box: -box.width * box.height):
        rows = slice(int(box.y * height), int(np.ceil((box.y + box.height) * height)))
        columns = slice(int(box.x * width), int(np.ceil((box.x + box.width) * width)))
        labels[rows, columns][item.mask[rows, columns]] = things[box.label]
    return labels


def semantic_map_condition(
    config: SemanticMapConfig, data: TrainingSet, source: DataConfig, factor: int
) -> SemanticMapCondition:
    """Return a fresh rescaler from pictures to latents that are smaller by `factor`.

    Raises:
        ValueError: Nothing tells the number of classes, or `factor` is no power of two.
    """
    names = SEMANTIC_CLASSES if source.kind == "scenes" and not config.classes else ()
    count = config.classes or len(names)
    if not count:
        raise ValueError("conditioning.semantic_map.classes must be the number of classes of the data's maps; got 0.")
    if factor & (factor - 1):
        raise ValueError(f"Semantic maps need an autoencoder with a factor of 2, 4, 8...; got {factor}.")
    things = box_labels(data) if config.things else []
    arguments = {
        "n_stages": factor.bit_length() - 1, "in_channels": count + len(things),
        "out_channels": config.out_channels or None, "names": [*names, *things] if names else (),
    }  # fmt: skip
    rescaler = build_item_conditioner("semantic_map", arguments)
    assert isinstance(rescaler, SpatialRescaler)
    return SemanticMapCondition(rescaler, {label: count + place for place, label in enumerate(things)})


class LowResolutionCondition(Condition):
    """The picture, smaller by `scale`: by a bicubic filter, as most published results on super-resolution."""

    def __init__(self, conditioner: ItemConditioner, scale: int) -> None:
        super().__init__(conditioner)
        self.scale = scale

    def items(self, batch: Batch) -> Tensor:
        """Return the small pictures, [b, 3, h / scale, w / scale] in [-1, 1]."""
        return small(batch.pixels, self.scale)

    def pictures(self, batch: Batch) -> Pixels:
        """Show the small pictures' pixels, enlarged to squares."""
        return to_uint8(F.interpolate(self.items(batch), scale_factor=float(self.scale), mode="nearest"))


class NoisyLowResolutionCondition(LowResolutionCondition):
    """The same with noise, whose level the denoiser is told."""

    def __init__(self, conditioner: ImageConcatWithNoiseAugmentation, scale: int) -> None:
        super().__init__(conditioner, scale)
        self._noising = conditioner

    def made(self, batch: Batch, drop: Tensor | None, device: torch.device) -> Conditioning:
        """Noise each picture to a random level of its own."""
        streams = [batch.generator(index, "low resolution") for index in range(len(batch))]
        items = self.items(batch)
        level = torch.cat([torch.randint(0, self._noising.max_noise_level, (1,), generator=one) for one in streams])
        noise = torch.stack([torch.randn(items.shape[1:], generator=one) for one in streams])
        return Conditioning(vector=level, concat=self._noising.noised(items, level, noise)).to(device)


def small(pixels: Tensor, scale: int) -> Tensor:
    """Scale pictures [b, c, h, w] down by a bicubic filter, clipped to [-1, 1]."""
    height, width = (side // scale for side in pixels.shape[-2:])
    return F.interpolate(pixels, (height, width), mode="bicubic", antialias=True).clamp(-1, 1)


def low_resolution_condition(config: LowResolutionConfig, factor: int) -> LowResolutionCondition:
    """Return what shows small pictures to a denoiser whose latents are smaller than pictures by `factor`.

    Raises:
        ValueError: A small picture's pixels do not make whole cells of the latent.
    """
    if factor % config.scale:
        raise ValueError(f"low_resolution.scale must divide the autoencoder's factor {factor}; got {config.scale}.")
    return LowResolutionCondition(LowResolution(cell=factor // config.scale), config.scale)


def noisy_low_resolution_condition(config: LowResolutionConfig, factor: int) -> LowResolutionCondition:
    """Return the same with noise; pixels of the small picture are cells of the latent."""
    return NoisyLowResolutionCondition(
        ImageConcatWithNoiseAugmentation(max_noise_level=config.max_noise_level), scale=factor
    )
