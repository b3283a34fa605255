"""A fixture: numbers that the reference implementation produced, with what is needed to produce them again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from torch import Tensor


@dataclass(frozen=True)
class Fixture:
    """One case.

    Attributes:
        about: The JSON file: constructor arguments, call settings, notes.
        weights: Under the reference's names; float32, where they were stored in fewer bits.
        inputs: By name.
        outputs: By name; an adapter must give every one of them.
    """

    about: dict[str, Any]
    weights: dict[str, Tensor]
    inputs: dict[str, Tensor]
    outputs: dict[str, Tensor]


def load_fixture(path: Path) -> Fixture:
    """Read NAME.json and, where there is one, NAME.safetensors beside it."""
    tensors_file = path.with_suffix(".safetensors")
    tensors = load_file(tensors_file) if tensors_file.exists() else {}
    groups: dict[str, dict[str, Tensor]] = {"sd": {}, "in": {}, "out": {}}
    for key, tensor in tensors.items():
        group, _, name = key.partition(".")
        # One-byte and two-byte floats hold the values exactly; networks want float32.
        small = tensor.is_floating_point() and tensor.element_size() < 4
        groups[group][name] = tensor.float() if small else tensor
    return Fixture(json.loads(path.read_text("utf-8")), groups["sd"], groups["in"], groups["out"])
