"""The scenes of a run in memory, and the order in which they are learned from.

Order is a function of (seed, epoch, index), so the position in the data is just the step.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.cancellation import CancelToken
from core.randomness import generator
from training.config import DataConfig
from training.datasets import scenes, stickers
from training.datasets.scenes import make_scene


@dataclass(frozen=True)
class ScenePool:
    """Rendered scenes: images [n, h, w, 3] uint8, and n captions."""

    images: np.ndarray
    captions: tuple[str, ...]


def load_pool(config: DataConfig, cache: Path, cancel: CancelToken) -> ScenePool:
    """Render the scenes of `config`, or read them from `cache` if they were rendered before."""
    file = cache / f"scenes-{fingerprint(config)}.npz"
    if not file.exists():
        rendered = []
        for index in range(config.count):
            cancel.check()
            rendered.append(make_scene(config.seed + index, config.scenes))
        cache.mkdir(parents=True, exist_ok=True)
        aside = file.with_suffix(".part.npz")
        images = np.stack([scene.image for scene in rendered])
        np.savez(aside, images=images, captions=np.array([scene.caption for scene in rendered]))
        aside.replace(file)
    with np.load(file) as stored:
        return ScenePool(stored["images"], tuple(str(c) for c in stored["captions"]))


def fingerprint(config: DataConfig) -> str:
    """Return a hash of the configuration, the sprites and the generator's code, so that no cache is ever stale."""
    digest = hashlib.sha256(json.dumps(asdict(config), sort_keys=True).encode())
    for file in sorted(Path(scenes.__file__).parent.glob("*.py")) + sorted(stickers.PACK.rglob("*")):
        if file.is_file():
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


class Order:
    """Which items make up the batch of a step; every epoch is a new permutation."""

    def __init__(self, seed: int, count: int, batch_size: int) -> None:
        self.seed, self.count, self.batch_size = seed, count, batch_size
        self._epoch, self._permutation = -1, torch.empty(0, dtype=torch.long)

    def batch(self, step: int) -> Tensor:
        """Return the item indices of a step, [batch_size], int64."""
        positions = range(step * self.batch_size, (step + 1) * self.batch_size)
        return torch.stack([self._at(position) for position in positions])

    def _at(self, position: int) -> Tensor:
        epoch, index = divmod(position, self.count)
        if epoch != self._epoch:
            self._permutation = torch.randperm(self.count, generator=generator(self.seed, "order", epoch))
            self._epoch = epoch
        return self._permutation[index]
