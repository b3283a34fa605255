"""The semantic map that nodes pass on: what each pixel of a picture belongs to."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from core.errors import InputError
from core.imaging import painted
from core.imaging.image import Image


@dataclass(frozen=True)
class SemanticMap:
    """A batch of maps: `labels` [b, h, w], whole numbers; each is a class, counted from 0."""

    labels: Tensor

    def loom_summary(self) -> str:
        """Return a line for people."""
        return f"{self.labels.shape[-1]} × {self.labels.shape[-2]} pixels, {len(self.labels.unique())} classes"

    def one_hot(self, classes: int) -> Tensor:
        """Return [b, classes, h, w] with 1 at each pixel's class and 0 elsewhere.

        Raises:
            InputError: The map holds a class that is not among them.
        """
        highest = int(self.labels.max())
        if highest >= classes:
            raise InputError(
                f"The semantic map holds class {highest}.",
                why=f"This model knows {classes} classes, 0 to {classes - 1}.",
                fix=f"Paint with classes up to {classes - 1}.", port="semantic_map",
            )  # fmt: skip
        b, h, w = self.labels.shape
        # Not `functional.one_hot`, whose whole numbers would take twice the result beside it.
        return torch.zeros(b, classes, h, w, device=self.labels.device).scatter_(1, self.labels.long()[:, None], 1)


def semantic_map_of(image: Image) -> SemanticMap:
    """Read a label picture: the red value of a pixel, 0 to 255, is its class."""
    return SemanticMap(((image.pixels[:, 0] + 1) * 127.5).round().to(torch.int64))


def painted_map(text: str, classes: tuple[str, ...]) -> SemanticMap:
    """Return the map [1, h, w] that a setting holds, as `core.imaging.painted` packs it.

    Raises:
        InputError: The text is damaged, or holds a class that is not among `classes`.
    """
    labels = painted.unpack(text)
    if int(labels.max()) >= len(classes):
        raise InputError(
            f"The map holds class {int(labels.max())}, but only {len(classes)} classes are named.",
            why="Each number that is painted is a class, counted from 0.", fix="Name all classes, or paint it anew.",
            port="classes",
        )  # fmt: skip
    return SemanticMap(torch.from_numpy(labels)[None].long())
