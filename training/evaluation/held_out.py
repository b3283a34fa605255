"""The data that models are measured on."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from core.imaging.image import from_uint8
from training.data.config import HELD_OUT_SEED, DataConfig
from training.data.opening import open_data
from training.data.scene_source import SceneSource
from training.data.training_set import TrainingSet
from training.data.watch import Watch
from training.datasets.scenes import Scene, make_scene


def held_out(
    config: DataConfig, count: int, cache: Path, watch: Watch, first_seed: int = HELD_OUT_SEED
) -> TrainingSet:  # fmt: skip
    """Return at most `count` items that no run on this data learns from, cut to squares.

    Of scenes there are always so many, from `first_seed` on; by default the first are those that runs show. Of a folder
    there are those that its split holds out.

    Raises:
        InputError: The data is not there, or nothing of it can be used.
    """
    if config.kind == "scenes":
        source = SceneSource(config.scenes, first_seed, count, cache, watch)
        return TrainingSet(source, config).shown(count)
    return open_data(config, cache, watch).held_out.shown(count)


def scenes_of(config: DataConfig, count: int, first_seed: int = HELD_OUT_SEED) -> list[Scene] | None:
    """Return all that is known of the first held-out items, or None where they are no scenes."""
    if config.kind != "scenes":
        return None
    return [make_scene(first_seed + index, config.scenes) for index in range(count)]


def pictures(data: TrainingSet) -> Tensor:
    """Return the pictures of items that are cut to one size, [n, 3, h, w] in [-1, 1]."""
    return torch.cat([from_uint8(data.item(row).image[None]) for row in range(len(data))])
