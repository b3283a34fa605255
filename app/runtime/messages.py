"""What the worker tells the window beside the events of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.catalogue import Catalogue
from core.errors import LoomError


@dataclass(frozen=True)
class EngineReady:
    """The nodes are imported; `device` names what computes, for people."""

    catalogue: Catalogue
    device: str


@dataclass(frozen=True)
class EngineFailed:
    """The nodes cannot be imported: nothing can run."""

    error: LoomError


@dataclass(frozen=True)
class PictureMade:
    """A node made pictures; `pixels` is uint8 [n, h, w, 3]."""

    node: str
    pixels: Any
