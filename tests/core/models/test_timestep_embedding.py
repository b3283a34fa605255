"""Embeddings of diffusion times."""

from __future__ import annotations

import math

import pytest
import torch

from core.models.timestep_embedding import sine_first_embedding, timestep_embedding


def test_time_zero_is_ones_and_zeros() -> None:
    torch.testing.assert_close(timestep_embedding(torch.tensor([0]), 6), torch.tensor([[1.0, 1, 1, 0, 0, 0]]))


def test_frequencies_fall_geometrically() -> None:
    embedded = timestep_embedding(torch.tensor([2.5]), 4)[0].tolist()
    slow = 2.5 / math.sqrt(10000)
    assert embedded == pytest.approx([math.cos(2.5), math.cos(slow), math.sin(2.5), math.sin(slow)], abs=1e-6)


@pytest.mark.parametrize("embed", [timestep_embedding, sine_first_embedding])
def test_an_odd_width_ends_with_a_zero(embed: object) -> None:
    embedded = embed(torch.tensor([3.0]), 7)  # type: ignore[operator]
    assert embedded.shape == (1, 7)
    assert embedded[0, -1] == 0


def test_the_sine_first_layout_reaches_the_longest_period() -> None:
    embedded = sine_first_embedding(torch.tensor([40.0]), 4)[0].tolist()
    wanted = [math.sin(40), math.sin(0.004), math.cos(40), math.cos(0.004)]
    assert embedded == pytest.approx(wanted, abs=1e-6)
