"""Sizes and summaries of values, by their attributes only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

from core.graph.values import size_in_bytes, summary_of


@dataclass(frozen=True)
class Picture:
    """A value as nodes pass it."""

    pixels: Any


@pytest.mark.parametrize(
    "value", [torch.zeros(1000), np.zeros(1000, np.float32), Picture(torch.zeros(1000)), [torch.zeros(1000)]]
)
def test_tensors_and_arrays_count_by_their_bytes(value: object) -> None:
    assert 4000 <= size_in_bytes(value) < 5000


def test_a_modules_weights_count() -> None:
    assert size_in_bytes(torch.nn.Sequential(torch.nn.Linear(100, 100))) >= 4 * 10_100


def test_what_a_callable_value_holds_counts_and_code_does_not() -> None:
    class Denoiser:
        def __init__(self) -> None:
            self.weights, self.library, self.kind = torch.zeros(1000), torch, Picture

        def __call__(self) -> None:
            """Be callable, as models are."""

    assert 4000 <= size_in_bytes(Denoiser()) < 5000


def test_what_is_held_twice_counts_once() -> None:
    pixels = torch.zeros(1000)
    assert size_in_bytes([Picture(pixels), Picture(pixels), {"again": pixels}]) < 6000


def test_rings_and_deep_nesting_end() -> None:
    ring: list[object] = []
    ring.append(ring)
    deep: object = None
    for _ in range(100_000):
        deep = [deep]
    assert size_in_bytes(ring) < 1000
    assert size_in_bytes(deep) > 100_000


def test_summaries_are_short_lines() -> None:
    assert summary_of({"a": Picture(torch.zeros(1, 3, 8, 8)), "b": 4}) == "Picture 1x3x8x8, 4"
    assert summary_of({"a": "x" * 100}) == f'"{"x" * 37}..."'
    assert summary_of({}) == ""


def test_a_class_may_speak_for_itself() -> None:
    class Own:
        def loom_summary(self) -> str:
            return "my own words"

        def loom_bytes(self) -> int:
            return 7

    assert summary_of({"a": Own()}) == "my own words"
    assert size_in_bytes(Own()) == 7
