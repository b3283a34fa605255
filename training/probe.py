"""A small classifier of scenes: the judge of whether a picture shows what its prompt names.

It learns from real one-object scenes, blurred and noised at random so that it judges content and not sharpness. Its
accuracy on real and on reconstructed held-out scenes is the ceiling of every figure it gives.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the customary name

from core.checkpoints.build import load_into
from core.imaging.image import from_uint8
from core.randomness import generator
from training.datasets.scenes import Scene, SceneConfig, make_scene

HELD_OUT_SEED = 2_000_000_000


@dataclass(frozen=True)
class Judged:
    """What the probe sees: class and background names, one of each a picture."""

    objects: tuple[str, ...]
    backgrounds: tuple[str, ...]


class Probe(nn.Module):
    """Name the object and the background of one-object pictures [b, 3, 64, 64] in [-1, 1].

    Attributes:
        classes, backgrounds: The names, in the order of the two heads.
    """

    def __init__(self, classes: tuple[str, ...], backgrounds: tuple[str, ...]) -> None:
        super().__init__()
        self.classes, self.backgrounds = classes, backgrounds
        layers: list[nn.Module] = []
        for c_in, c_out in ((3, 32), (32, 64), (64, 96), (96, 128)):
            layers += [nn.Conv2d(c_in, c_out, 3, stride=2, padding=1), nn.GroupNorm(8, c_out), nn.SiLU()]
        self.features = nn.Sequential(*layers)
        self.object_head = nn.Linear(256, len(classes))
        self.background_head = nn.Linear(256, len(backgrounds))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits over classes [b, k] and backgrounds [b, m]."""
        h = self.features(images)
        pooled = torch.cat([h.mean(dim=(2, 3)), h.amax(dim=(2, 3))], dim=1)
        return self.object_head(pooled), self.background_head(pooled)

    @torch.no_grad()
    def judge(self, images: Tensor) -> Judged:
        """Name what images [b, 3, 64, 64] show."""
        objects, backgrounds = self(images)
        return Judged(
            tuple(self.classes[int(i)] for i in objects.argmax(1)),
            tuple(self.backgrounds[int(i)] for i in backgrounds.argmax(1)),
        )


def one_object_scenes(config: SceneConfig, first_seed: int, count: int) -> list[Scene]:
    """Render scenes with a single object each."""
    alone = replace(config, counts=((1, 1.0),))
    return [make_scene(first_seed + i, alone) for i in range(count)]


def train_probe(config: SceneConfig, *, count: int = 8000, steps: int = 2500, batch: int = 32, seed: int = 0) -> Probe:
    """Train a probe on `count` real scenes; deterministic on one machine."""
    torch.manual_seed(seed)
    scenes = one_object_scenes(config, HELD_OUT_SEED // 2 + 10**6, count)
    images = np.stack([scene.image for scene in scenes])
    probe = Probe(config.classes, config.backgrounds)
    objects = torch.tensor([config.classes.index(scene.boxes[0].label) for scene in scenes])
    backgrounds = torch.tensor([config.backgrounds.index(scene.background) for scene in scenes])
    optimizer = torch.optim.AdamW(probe.parameters(), lr=2e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for step in range(steps):
        stream = generator(seed, "probe", step)
        index = torch.randint(0, count, (batch,), generator=stream)
        logits = probe(_degraded(from_uint8(images[index.numpy()]), stream))
        loss = F.cross_entropy(logits[0], objects[index]) + F.cross_entropy(logits[1], backgrounds[index])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return probe.eval()


def _degraded(images: Tensor, stream: torch.Generator) -> Tensor:
    """Blur half of the batches by a random factor, and add a little noise."""
    scale = 1 + 1.5 * float(torch.rand(1, generator=stream))
    if float(torch.rand(1, generator=stream)) < 0.5:
        small = F.interpolate(images, scale_factor=1 / scale, mode="area")
        images = F.interpolate(small, images.shape[-2:], mode="bilinear", align_corners=False)
    return images + 0.05 * torch.randn(images.shape, generator=stream)


def save_probe(probe: Probe, path: Path) -> None:
    """Write the probe's weights."""
    save_file({name: tensor.contiguous() for name, tensor in probe.state_dict().items()}, path)


def load_probe(path: Path, config: SceneConfig) -> Probe:
    """Load a probe for the classes and backgrounds of `config`."""
    probe = Probe(config.classes, config.backgrounds)
    load_into(probe, path)
    return probe.eval()
