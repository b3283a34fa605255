"""One item of training data, whatever it came from, and the protocol of the sources that give items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from core.conditioning.layout import Box

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Record:
    """What is known of an item without reading its pixels.

    Attributes:
        name: Its name in the source, such as "birds/heron.jpg".
        width, height: In pixels, as the picture is looked at.
        caption: A sentence, or "".
        class_name: What it is of, or "".
        boxes: Where things are.
        mask: File of the mask relative to the source, or "".
        semantic: File of the semantic map relative to the source, or "".
        digest: Hash of the picture's content; the same content has the same digest under any name.
    """

    name: str
    width: int
    height: int
    caption: str = ""
    class_name: str = ""
    boxes: tuple[Box, ...] = ()
    mask: str = ""
    semantic: str = ""
    digest: str = ""


@dataclass(frozen=True, kw_only=True)
class Item:
    """A picture and everything that is known of it.

    Attributes:
        image: uint8 [h, w, 3].
        caption: A sentence, or "".
        class_name: What it is of, or "".
        boxes: Where things are, in shares of this picture.
        mask: bool [h, w], True where the thing of interest is, or None.
        semantic: uint8 [h, w], indices of semantic classes, or None.
    """

    image: Pixels
    caption: str = ""
    class_name: str = ""
    boxes: tuple[Box, ...] = ()
    mask: npt.NDArray[np.bool_] | None = None
    semantic: Pixels | None = None


class Source(Protocol):
    """A fixed sequence of items that can be read in any order, from any thread."""

    @property
    def records(self) -> Sequence[Record]:
        """What is known of the items, in their order."""
        ...

    @property
    def fingerprint(self) -> str:
        """A hash that changes with anything that an item holds."""
        ...

    @property
    def cheap(self) -> bool:
        """Whether reading an item costs next to nothing, so that nobody needs to keep it."""
        ...

    def read(self, index: int) -> Item:
        """Return the item of `records[index]`; InputError names it if it became unreadable."""
        ...
