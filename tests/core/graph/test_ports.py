"""Which values may go where."""

from __future__ import annotations

import pytest

from core.graph.ports import compatible


class Image:
    """A value."""


class Mask(Image):
    """A finer value."""


@pytest.mark.parametrize(
    ("output", "input", "fits"),
    [
        (Image, Image, True),
        (Mask, Image, True),
        (Image, Mask, False),
        (int, float, True),
        (float, int, False),
        (str, object, True),
        (str, float, False),
    ],
)
def test_subclasses_and_whole_numbers_fit(output: type, input: type, fits: bool) -> None:
    assert compatible(output, input) is fits
