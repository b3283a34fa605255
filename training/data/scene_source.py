"""The shipped scenes as a source: rendered once into an array on disk, then read through a memory map.

What is kept is keyed by the configuration, the sprites and the code that draws, so it is never stale.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

import numpy as np

from core.conditioning.layout import Box
from training.data.item import Item, Record
from training.data.row_store import Array, fill
from training.data.watch import Watch
from training.datasets import backgrounds, captions, compositing, layout, scene_config, scenes, stickers
from training.datasets.scenes import Scene, SceneConfig, make_scene

DRAWING = (scenes, backgrounds, captions, compositing, layout, scene_config, stickers)
CHUNK = 250
TEXT_BYTES = 2048  # a caption and up to three boxes, as JSON
_OBJECT = backgrounds.SEMANTIC_CLASSES.index("object")


class SceneSource:
    """Scenes of consecutive seeds; the mask of a scene covers its things.

    Attributes:
        records: The scenes, in the order of their seeds.
        fingerprint: Changes with anything that a scene holds.
        cheap: They are in memory as good as always.
    """

    cheap = True

    def __init__(self, config: SceneConfig, first_seed: int, count: int, cache: Path, watch: Watch) -> None:
        """Render the scenes that `cache` does not hold yet."""
        self.fingerprint = scene_fingerprint(config, first_seed, count)
        self._config, self._first = config, first_seed
        side = config.size
        row = np.dtype([("image", "u1", (side, side, 3)), ("semantic", "u1", (side, side)), ("text", f"S{TEXT_BYTES}")])

        def make(start: int, stop: int) -> Array:
            made = [make_scene(first_seed + index, config) for index in range(start, stop)]
            return np.array([(scene.image, scene.semantic, _text(scene)) for scene in made], row)

        file = cache / f"scenes-{self.fingerprint}.npy"
        self._rows = fill(file, (count,), row, make, chunk=CHUNK, watch=watch, what="rendering scenes")
        self.records: Sequence[Record] = tuple(self._record(index) for index in range(count))

    def read(self, index: int) -> Item:
        """Return a scene."""
        record, row = self.records[index], self._rows[index]
        semantic = np.array(row["semantic"])
        return Item(
            image=np.array(row["image"]), caption=record.caption, class_name=record.class_name,
            boxes=record.boxes, mask=semantic == _OBJECT, semantic=semantic,
        )  # fmt: skip

    def _record(self, index: int) -> Record:
        known, side = json.loads(self._rows[index]["text"]), self._config.size
        boxes = tuple(Box(**box) for box in known["boxes"])
        return Record(
            name=f"scene {self._first + index}", width=side, height=side, caption=known["caption"],
            class_name=boxes[0].label, boxes=boxes, digest=f"{self.fingerprint}/{index}",
        )  # fmt: skip


def scene_fingerprint(config: SceneConfig, first_seed: int, count: int) -> str:
    """Return a hash of what decides every byte of these scenes."""
    digest = hashlib.sha256(json.dumps([asdict(config), first_seed, count], sort_keys=True).encode())
    digest.update(_drawing().encode())
    return digest.hexdigest()[:16]


@lru_cache(maxsize=1)
def _drawing() -> str:
    """Return a hash of the sprites and of the code that draws with them."""
    digest = hashlib.sha256()
    code = [Path(str(module.__file__)) for module in DRAWING]
    for file in [*code, stickers.PACK / "index.json", *sorted(stickers.PACK.rglob("*.webp"))]:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _text(scene: Scene) -> bytes:
    boxes = [
        {"label": box.label, "x": box.x0, "y": box.y0, "width": box.x1 - box.x0, "height": box.y1 - box.y0}
        for box in scene.boxes
    ]
    text = json.dumps({"caption": scene.caption, "boxes": boxes}).encode()
    if len(text) > TEXT_BYTES:
        raise ValueError(f"The text of a scene has {len(text)} bytes; {TEXT_BYTES} are kept.")
    return text
