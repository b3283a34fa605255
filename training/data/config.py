"""Configuration of the data of a run, checked field by field."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from training.datasets.scene_config import SceneConfig

HELD_OUT_SEED = 1_000_000_000  # no run trains on scenes from this seed on


@dataclass(frozen=True, kw_only=True)
class BucketConfig:
    """Which shapes pictures are cut to (NovelAI's aspect-ratio bucketing): all of about `size` squared pixels.

    Attributes:
        widest: Largest ratio of the sides; 1 = squares only.
        step: Sides are multiples of this, in pixels; a multiple of the autoencoder's factor.
    """

    widest: float = 1.0
    step: int = 64

    def __post_init__(self) -> None:
        _require(1 <= self.widest <= 8, "widest", self.widest, "must be from 1 to 8")
        _require(1 <= self.step <= 512, "step", self.step, "must be from 1 to 512")


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """What a run learns from.

    Attributes:
        kind: "scenes" that are rendered, a "folder" of pictures, or a folder with boxes in a "coco" file.
        scenes: What scenes hold.
        count: How many different scenes.
        seed: First scene seed, 0 or more; from 1,000,000,000 on scenes are held out. Also decides crops and
            flips.
        path: Folder of the pictures.
        annotations: COCO instances file; relative to `path` where it is not absolute.
        size: Side of the square that pictures are cut to in pixels; scenes have their own.
        buckets: Other shapes than the square.
        crop: Where pictures are cut: in the "centre", or at a "random" place.
        flip: Whether every item is shown mirrored in every other epoch, unless its caption forbids it.
        variants: With random crops, how many cuts of an item the second stage knows, since it learns from cached
            latents; the first stage sees a new one each epoch.
        captions: What is learned as caption: the "given" one, the "class" name, or "none".
        held_out: Share of a folder's pictures that is never trained on, from 0 to 0.5.
        smallest: Pictures with a shorter side than this are left out, in pixels.
        memory_mb: Most memory for decoded pictures, MiB.
        prefetch: How many batches are read ahead by a thread; 0 = none.
    """

    kind: Literal["scenes", "folder", "coco"] = "scenes"
    scenes: SceneConfig = field(default_factory=SceneConfig)
    count: int = 28000
    seed: int = 0
    path: str = ""
    annotations: str = ""
    size: int = 256
    buckets: BucketConfig = field(default_factory=BucketConfig)
    crop: Literal["centre", "random"] = "centre"
    flip: bool = False
    variants: int = 4
    captions: Literal["given", "class", "none"] = "given"
    held_out: float = 0.02
    smallest: int = 64
    memory_mb: int = 512
    prefetch: int = 2

    def __post_init__(self) -> None:
        _require(self.count > 0, "count", self.count, "must be above 0")
        _require(self.seed >= 0, "seed", self.seed, "must be 0 or more")
        _require(self.kind == "scenes" or bool(self.path), "path", self.path, "must name the folder of the pictures")
        told = self.kind != "coco" or bool(self.annotations)
        _require(told, "annotations", self.annotations, "must name the COCO file with the boxes")
        _require(8 <= self.size <= 4096, "size", self.size, "must be from 8 to 4096")
        square_only = self.buckets.widest == 1
        step, near = self.buckets.step, _nearest(self.size, self.buckets.step)
        rule = f"must be a multiple of buckets.step = {step}, such as {near}"
        _require(square_only or self.size % step == 0, "size", self.size, rule)
        _require(1 <= self.variants <= 64, "variants", self.variants, "must be from 1 to 64")
        _require(0 <= self.held_out <= 0.5, "held_out", self.held_out, "must be from 0 to 0.5")
        _require(self.smallest >= 1, "smallest", self.smallest, "must be 1 or more")
        _require(self.memory_mb >= 0, "memory_mb", self.memory_mb, "must be 0 or more")
        _require(0 <= self.prefetch <= 64, "prefetch", self.prefetch, "must be from 0 to 64")

    @property
    def side(self) -> int:
        """The side of the square that items are cut to, in pixels."""
        return self.scenes.size if self.kind == "scenes" else self.size

    @property
    def views(self) -> int:
        """How many different looks of an item the second stage learns from."""
        if self.crop == "random":
            # Even, so that half of them are mirrored.
            return self.variants + (self.variants % 2 if self.flip else 0)
        return 2 if self.flip else 1


def _nearest(value: int, step: int) -> int:
    return max(step, round(value / step) * step)


def _require(holds: bool, name: str, value: object, rule: str) -> None:
    if not holds:
        raise ValueError(f"{name} {rule}." if value == "" else f"{name} {rule}; got {value!r}.")
