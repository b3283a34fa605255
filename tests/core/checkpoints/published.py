"""Names and shapes of published models, as tensors on the "meta" device, which take no memory."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

KEYS = Path(__file__).parents[2] / "golden" / "keys" / "names_and_shapes.json.gz"
MODELS = ("sd15", "sd15_inpainting", "sd21", "sdxl_base")


@cache
def _all() -> dict[str, dict[str, dict[str, list[object]]]]:
    return dict(json.loads(gzip.decompress(KEYS.read_bytes())))


def single_file(model: str) -> dict[str, Tensor]:
    """The tensors of a model's single file."""
    return _tensors(_all()[f"{model}_singlefile"][""])


def folder(model: str) -> dict[str, dict[str, Tensor]]:
    """The tensors of each part of a model's diffusers folder."""
    return {part: _tensors(keys) for part, keys in _all()[f"{model}_diffusers"].items()}


def _tensors(keys: dict[str, list[object]]) -> dict[str, Tensor]:
    tensors = {}
    for name, about in keys.items():
        # A list of two with a name last is (shape, dtype); else it is a float32 tensor's shape.
        typed = len(about) == 2 and isinstance(about[1], str)
        shape, dtype = about if typed else (about, "float32")
        tensors[name] = torch.empty(shape, dtype=getattr(torch, str(dtype)), device="meta")  # type: ignore[call-overload]
    return tensors


def shapes(tensors: dict[str, Tensor]) -> dict[str, tuple[int, ...]]:
    """Names and shapes, to compare."""
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}
