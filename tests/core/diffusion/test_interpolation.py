"""Between two seeds."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from core.diffusion.interpolation import slerp

A, B = (torch.randn(2, 4, 32, 32, generator=torch.Generator().manual_seed(seed)) for seed in (1, 2))


def test_the_ends_are_the_latents_themselves() -> None:
    torch.testing.assert_close(slerp(A, B, 0.0), A)
    torch.testing.assert_close(slerp(A, B, 1.0), B)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_noise_stays_noise_on_the_way(share: float) -> None:
    between = slerp(A, B, share)
    assert float(between.std()) == pytest.approx(1, abs=0.03)
    assert float((A + share * (B - A)).std()) < 0.97  # what a straight line does


def test_equal_parts_are_equally_far() -> None:
    points = [slerp(A, B, share) for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
    gaps = [float((two - one).norm()) for one, two in pairwise(points)]
    assert gaps == pytest.approx([gaps[0]] * 4, rel=0.03)


def test_aligned_latents_are_joined_by_a_line() -> None:
    torch.testing.assert_close(slerp(A, 3 * A, 0.5), 2 * A)
    torch.testing.assert_close(slerp(A * 0, A * 0, 0.5), A * 0)
