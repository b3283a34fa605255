"""Folders of small pictures, made as they are needed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

Save = Callable[..., Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Save a picture with content of its own as tmp_path/pictures/NAME."""

    def save(name: str, size: tuple[int, int] = (40, 30), caption: str | None = None) -> Path:
        path = tmp_path / "pictures" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(sum(map(ord, name))).integers(0, 255, (size[1], size[0], 3), np.uint8)
        Image.fromarray(noise).save(path)
        if caption is not None:
            path.with_suffix(".txt").write_text(caption, encoding="utf-8")
        return path

    return save


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder that `save` fills."""
    path = tmp_path / "pictures"
    path.mkdir(exist_ok=True)
    return path
