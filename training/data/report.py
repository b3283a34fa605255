"""Statistics of training data that grow while it is looked at, for the panel, the command line and data.json."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from training.data.item import Record
from training.data.metadata import Bad
from training.run_folder import write_atomically

ASPECTS = (0.5, 0.67, 0.8, 0.95, 1.05, 1.25, 1.5, 2.0)  # edges of the bins of width / height
WORDS = (0, 1, 5, 10, 20, 40, 80)  # lower edges of the bins of caption lengths
EXAMPLES = 24


@dataclass(frozen=True, kw_only=True)
class DataReport:
    """What data holds, or what of it was seen so far.

    Attributes:
        kind: "scenes", "folder" or "coco".
        path: Where it lies, or "".
        count: Sound items.
        held_out: How many of them are never trained on.
        duplicates: Items whose content was there before under another name.
        ignored: Files of other kinds.
        sizes: Items by "width×height" in pixels, the commonest first.
        aspects: Items by bins of width / height, such as "0.95-1.05".
        smallest, largest: Fewest and most pixels of an item, as [width, height].
        caption_words: Captions by bins of their number of words, such as "10-19"; "0" have none.
        longest_caption: In words.
        classes: Items by class name, the commonest first.
        box_classes: Boxes by class name, the commonest first.
        with_boxes, with_mask, with_semantic: Items that have some.
        bad: Every file that was left out, with the reason.
        examples: Names of the first items, for thumbnails.
        fingerprint: Hash of everything, or "" while it is not known.
    """

    kind: str
    path: str = ""
    count: int = 0
    held_out: int = 0
    duplicates: int = 0
    ignored: int = 0
    sizes: Mapping[str, int] = field(default_factory=dict)
    aspects: Mapping[str, int] = field(default_factory=dict)
    smallest: tuple[int, int] = (0, 0)
    largest: tuple[int, int] = (0, 0)
    caption_words: Mapping[str, int] = field(default_factory=dict)
    longest_caption: int = 0
    classes: Mapping[str, int] = field(default_factory=dict)
    box_classes: Mapping[str, int] = field(default_factory=dict)
    with_boxes: int = 0
    with_mask: int = 0
    with_semantic: int = 0
    bad: tuple[Bad, ...] = ()
    examples: tuple[str, ...] = ()
    fingerprint: str = ""

    def write(self, path: Path) -> None:
        """Write data.json; a reader sees the old or the new one."""
        write_atomically(path, json.dumps(asdict(self), indent=1, ensure_ascii=False).encode())


class Tally:
    """Counts findings one by one; `report` may be asked for at any time, and costs no second look."""

    def __init__(self, kind: str, path: str = "") -> None:
        self._kind, self._path = kind, path
        self._count = self._longest = self._duplicates = 0
        self._sizes, self._aspects, self._words = Counter[tuple[int, int]](), Counter[int](), Counter[int]()
        self._classes, self._box_classes, self._with = Counter[str](), Counter[str](), Counter[str]()
        self._digests, self._bad, self._examples = set[str](), list[Bad](), list[str]()

    def add(self, finding: Record | Bad) -> None:
        """Count an item, or list what is bad."""
        if isinstance(finding, Bad):
            self._bad.append(finding)
            return
        self._count += 1
        self._duplicates += finding.digest in self._digests
        self._digests.add(finding.digest)
        if len(self._examples) < EXAMPLES:
            self._examples.append(finding.name)
        self._sizes[finding.width, finding.height] += 1
        self._aspects[sum(finding.width / finding.height >= edge for edge in ASPECTS)] += 1
        words = len(finding.caption.split())
        self._longest = max(self._longest, words)
        self._words[sum(words >= edge for edge in WORDS) - 1] += 1
        if finding.class_name:
            self._classes[finding.class_name] += 1
        self._box_classes.update(box.label for box in finding.boxes)
        has = {"boxes": finding.boxes, "mask": finding.mask, "semantic": finding.semantic}
        self._with.update(name for name, value in has.items() if value)

    def report(self, *, held_out: int = 0, ignored: int = 0, fingerprint: str = "") -> DataReport:
        """Return what was counted so far."""
        by_area = sorted(self._sizes, key=lambda size: size[0] * size[1])
        return DataReport(
            kind=self._kind, path=self._path, count=self._count, held_out=held_out, duplicates=self._duplicates,
            ignored=ignored, sizes={f"{w}×{h}": n for (w, h), n in self._sizes.most_common()},
            aspects={_aspect(i): self._aspects[i] for i in sorted(self._aspects)},
            smallest=by_area[0] if by_area else (0, 0), largest=by_area[-1] if by_area else (0, 0),
            caption_words={_words(i): self._words[i] for i in sorted(self._words)}, longest_caption=self._longest,
            classes=dict(self._classes.most_common()), box_classes=dict(self._box_classes.most_common()),
            with_boxes=self._with["boxes"], with_mask=self._with["mask"], with_semantic=self._with["semantic"],
            bad=tuple(self._bad), examples=tuple(self._examples), fingerprint=fingerprint,
        )  # fmt: skip


def _aspect(index: int) -> str:
    edges = ("", *(f"{edge:g}" for edge in ASPECTS), "")
    low, high = edges[index], edges[index + 1]
    return f"{low}-{high}" if low and high else f"below {high}" if high else f"{low} and more"


def _words(index: int) -> str:
    low = WORDS[index]
    if index + 1 == len(WORDS):
        return f"{low} and more"
    high = WORDS[index + 1] - 1
    return f"{low}" if low == high else f"{low}-{high}"
