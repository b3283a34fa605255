"""Colours that classes are told apart by."""

from __future__ import annotations

import numpy as np
import pytest

from core.imaging.class_colors import COUNT, class_color, class_colors, colored, oklab


def nearest(count: int) -> float:
    """The smallest OKLab distance between any two of the first colours."""
    lab = oklab(class_colors()[:count].astype(np.float64))
    apart = np.linalg.norm(lab[:, None] - lab, axis=2)
    return float(apart[~np.eye(count, dtype=bool)].min())


def test_oklab_of_the_published_primaries() -> None:
    lab = oklab(np.array([[255, 255, 255], [255, 0, 0], [0, 0, 255]], np.float64))
    wanted = [[1, 0, 0], [0.62796, 0.22486, 0.12585], [0.45201, -0.03246, -0.31153]]
    np.testing.assert_allclose(lab, wanted, atol=1e-4)


@pytest.mark.parametrize(("count", "least"), [(10, 0.12), (24, 0.08), (34, 0.07)])
def test_no_two_classes_are_alike(count: int, least: float) -> None:
    assert nearest(count) > least  # 0.02 is the smallest difference that is seen side by side


def test_as_many_colours_as_a_map_holds_classes() -> None:
    assert len({tuple(color) for color in class_colors().tolist()}) == COUNT
    assert class_color(COUNT) == class_color(0)


def test_a_map_is_coloured_class_by_class() -> None:
    labels = np.array([[0, 1], [255, 1]], np.uint8)
    pixels = colored(labels)
    assert pixels.shape == (2, 2, 3)
    assert tuple(pixels[1, 0]) == class_color(255)
    assert tuple(pixels[0, 1]) == tuple(pixels[1, 1]) == class_color(1)
