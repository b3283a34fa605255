"""A small segmentation network: the judge of whether a picture shows what was asked for, and where.

It learns from real scenes (see `training.judge_training`). What it says of real and of reconstructed held-out scenes is
the ceiling of every figure it gives.
Letters: b batch, k classes, m backgrounds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the customary name

from core.checkpoints.build import load_into
from core.checkpoints.safetensors_file import damaged, read_header_and_notes
from training.datasets.scenes import Box, Scene, SceneConfig

SIDE = 64  # of the pictures that a judge sees, in pixels
FILE = "judge.safetensors"
CELLS = 16  # the judge names the class of each cell of a 16 x 16 grid
LEAST_CELLS = 8  # of 256; the smallest thing of a trio covers about 14
LEAST_OVERLAP = 0.5  # intersection over union, the customary threshold of detection


@dataclass(frozen=True)
class Sight:
    """What the judge sees in one picture.

    Attributes:
        cells: The class of each cell, int64 [16, 16]; 0 is background, k the k-th class counted from 1.
        background: Name of the background.
    """

    cells: Tensor
    background: str


class Judge(nn.Module):
    """Name the class of every cell, and the background, of pictures [b, 3, 64, 64] in [-1, 1].

    Attributes:
        classes, backgrounds: The names, in the order of the outputs.
    """

    def __init__(self, classes: tuple[str, ...], backgrounds: tuple[str, ...]) -> None:
        super().__init__()
        self.classes, self.backgrounds = classes, backgrounds
        self.fine = nn.Sequential(_block(3, 32, 2), _block(32, 64, 2))
        self.middle = _block(64, 96, 2)
        self.coarse = nn.Sequential(_block(96, 128, 2), _block(128, 128, 1))
        self.up_middle = _block(96 + 128, 96, 1)
        self.up_fine = _block(64 + 96, 64, 1)
        self.cell_head = nn.Conv2d(64, 1 + len(classes), 1)
        self.background_head = nn.Linear(128, len(backgrounds))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits over 1 + k classes for each cell [b, 1 + k, 16, 16], and over backgrounds [b, m]."""
        fine = self.fine(images)
        middle = self.middle(fine)
        coarse = self.coarse(middle)
        h = self.up_middle(torch.cat([middle, F.interpolate(coarse, scale_factor=2.0)], dim=1))
        h = self.up_fine(torch.cat([fine, F.interpolate(h, scale_factor=2.0)], dim=1))
        return self.cell_head(h), self.background_head(coarse.mean(dim=(2, 3)))

    def shares(self, images: Tensor) -> Tensor:
        """Return how much of images [b, 3, 64, 64] each class seems to cover, [b, k]; above 0, and differentiable."""
        seen: Tensor = self(images)[0].softmax(1)[:, 1:].mean(dim=(2, 3))
        return seen.clamp(min=1e-12)

    @torch.no_grad()
    def look(self, images: Tensor, batch: int = 250) -> list[Sight]:
        """Say what images [b, 3, 64, 64] show."""
        seen = []
        for part in images.split(batch):
            cells, backgrounds = self(part)
            names = [self.backgrounds[int(i)] for i in backgrounds.argmax(1)]
            seen += [Sight(c, name) for c, name in zip(cells.argmax(1), names, strict=True)]
        return seen

    def covers(self, sight: Sight, name: str) -> Tensor:
        """Return the cells of a class, bool [16, 16]."""
        return sight.cells == 1 + self.classes.index(name)

    def present(self, sight: Sight, name: str) -> bool:
        """Return whether a class covers enough cells to be seen."""
        return int(self.covers(sight, name).sum()) >= LEAST_CELLS

    def main_object(self, sight: Sight) -> str | None:
        """Return the class that covers most cells, or None where there is nothing but background."""
        counts = torch.bincount(sight.cells.flatten(), minlength=1 + len(self.classes))[1:]
        return self.classes[int(counts.argmax())] if int(counts.max()) >= LEAST_CELLS else None

    def in_order(self, sight: Sight, first: str, second: str, axis: int) -> bool:
        """Return whether both are present and `first` lies before `second`: left of it (axis 1), above it (axis 0)."""
        if not (self.present(sight, first) and self.present(sight, second)):
            return False
        centres = [self.covers(sight, name).nonzero()[:, axis].double().mean() for name in (first, second)]
        return bool(centres[0] < centres[1])

    def in_box(self, sight: Sight, box: Box, boxes: Sequence[Box] = ()) -> bool:
        """Return whether the class lies where its box is: intersection over union of at least a half.

        What is compared with the box is the largest connected patch of the class; where several of `boxes` are of one
        class, each cell belongs to the box whose centre is nearest.
        """
        cells = self.covers(sight, box.label) & nearest_to(box, [other for other in boxes if other.label == box.label])
        y, x = largest_patch(cells).nonzero().T
        if len(x) < LEAST_CELLS // 2:
            return False
        seen = (float(x.min()), float(y.min()), float(x.max()) + 1, float(y.max()) + 1)
        return overlap(seen, [edge * CELLS for edge in (box.x0, box.y0, box.x1, box.y1)]) >= LEAST_OVERLAP


def cell_classes(scene: Scene, classes: tuple[str, ...]) -> Tensor:
    """Return the class that covers at least half of each cell of a scene, int64 [16, 16], 0 where none does."""
    found = torch.zeros(CELLS, CELLS, dtype=torch.long)
    masks = torch.from_numpy(scene.masks).float()
    covered = F.adaptive_avg_pool2d(masks, CELLS)
    for box, share in zip(scene.boxes, covered, strict=True):
        found[share >= 0.5] = 1 + classes.index(box.label)
    return found


def nearest_to(box: Box, others: Sequence[Box]) -> Tensor:
    """Return the cells whose centre is at least as near to the centre of `box` as to any other's, bool [16, 16]."""
    centre = (torch.arange(CELLS) + 0.5) / CELLS

    def distance(to: Box) -> Tensor:
        x, y = (to.x0 + to.x1) / 2, (to.y0 + to.y1) / 2
        return (centre[:, None] - y).square() + (centre[None, :] - x).square()

    return torch.stack([distance(box) <= distance(other) for other in (box, *others)]).all(dim=0)


def largest_patch(cells: Tensor) -> Tensor:
    """Return the largest part of cells, bool [h, w], that hangs together, corners included; ties go to the last."""
    h, w = cells.shape
    marks = torch.arange(1.0, h * w + 1).reshape(1, 1, h, w) * cells
    while True:  # the greatest mark spreads over its patch
        spread = F.max_pool2d(marks, 3, stride=1, padding=1) * cells
        if torch.equal(spread, marks):
            break
        marks = spread
    counts = torch.bincount(marks.flatten().long(), minlength=1)
    counts[0] = 0
    return cells & (marks[0, 0] == float(len(counts) - 1 - int(counts.flip(0).argmax())))


def overlap(a: Sequence[float], b: Sequence[float]) -> float:
    """Return the intersection over union of two boxes (x0, y0, x1, y1)."""
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return width * height / (areas - width * height)


def save_judge(judge: Judge, path: Path) -> None:
    """Write the judge's weights, and the names that it knows."""
    names = {"classes": json.dumps(judge.classes), "backgrounds": json.dumps(judge.backgrounds)}
    save_file({name: tensor.contiguous() for name, tensor in judge.state_dict().items()}, path, names)


def load_judge(path: Path) -> Judge:
    """Load a judge.

    Raises:
        ModelFileError: The file is missing, damaged, or holds no judge.
    """
    judge = Judge(*_known(path))
    load_into(judge, path)
    return judge.eval()


def find_judge(config: SceneConfig, folders: Iterable[Path]) -> Path | None:
    """Return the first folder's judge.safetensors that knows all classes and backgrounds of 64-pixel scenes, if any."""
    for path in (folder / FILE for folder in folders):
        if config.size == SIDE and path.exists():
            classes, backgrounds = _known(path)
            if set(config.classes) <= set(classes) and set(config.backgrounds) <= set(backgrounds):
                return path
    return None


def _known(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    _, notes = read_header_and_notes(path)
    try:
        return tuple(json.loads(notes["classes"])), tuple(json.loads(notes["backgrounds"]))
    except (KeyError, ValueError, TypeError) as error:
        raise damaged(path, "the names of what the judge knows are not there") from error


def _block(c_in: int, c_out: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(c_in, c_out, 3, stride=stride, padding=1), nn.GroupNorm(8, c_out), nn.SiLU()
    )  # fmt: skip
