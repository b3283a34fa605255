"""Teaching a judge: from real scenes, blurred and noised at random so that it judges content and not sharpness.

python -m training.judge_training resources/training/stickers-24.toml resources/models/stickers-24/judge.safetensors
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the customary name

from core.imaging.image import Pixels, from_uint8
from core.randomness import generator
from training.config import load_config
from training.datasets.scenes import SceneConfig, make_scene
from training.judge import CELLS, Judge, cell_classes, save_judge

FIRST_SEED = 1_001_000_000  # runs learn from scenes below 1e9, and are measured on those from there on
COUNTS = ((1, 0.4), (2, 0.3), (3, 0.3))  # how many things a judge learns to tell apart, whatever runs learn from


def train_judge(config: SceneConfig, *, count: int = 10000, steps: int = 3000, batch: int = 32, seed: int = 0) -> Judge:
    """Train a judge on `count` real scenes that no run learns from; deterministic on one machine.

    It takes about 6 minutes of one core for 64-pixel scenes.
    """
    torch.manual_seed(seed)
    images, cells, backgrounds = _examples(replace(config, counts=COUNTS), count)
    judge = Judge(config.classes, config.backgrounds)
    optimizer = torch.optim.AdamW(judge.parameters(), lr=2e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for step in range(steps):
        stream = generator(seed, "judge", step)
        index = torch.randint(0, count, (batch,), generator=stream)
        by_cell, whole = judge(degraded(from_uint8(images[index.numpy()]), stream))
        loss = F.cross_entropy(by_cell, cells[index]) + 0.2 * F.cross_entropy(whole, backgrounds[index])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return judge.eval()


def _examples(config: SceneConfig, count: int) -> tuple[Pixels, Tensor, Tensor]:
    """Return scenes as pictures [n, h, w, 3], classes of cells [n, 16, 16], and numbers of backgrounds [n]."""
    images = np.empty((count, config.size, config.size, 3), np.uint8)
    cells = torch.empty(count, CELLS, CELLS, dtype=torch.long)
    backgrounds = torch.empty(count, dtype=torch.long)
    for index in range(count):
        scene = make_scene(FIRST_SEED + index, config)
        images[index], cells[index] = scene.image, cell_classes(scene, config.classes)
        backgrounds[index] = config.backgrounds.index(scene.background)
    return images, cells, backgrounds


def degraded(images: Tensor, stream: torch.Generator) -> Tensor:
    """Blur half of the batches by a random factor, and add a little noise."""
    scale = 1 + 1.5 * float(torch.rand(1, generator=stream))
    if float(torch.rand(1, generator=stream)) < 0.5:
        small = F.interpolate(images, scale_factor=1 / scale, mode="area")
        images = F.interpolate(small, images.shape[-2:], mode="bilinear", align_corners=False)
    return images + 0.05 * torch.randn(images.shape, generator=stream)


if __name__ == "__main__":
    torch.set_num_threads(1)
    save_judge(train_judge(load_config(Path(sys.argv[1])).data.scenes), Path(sys.argv[2]))
