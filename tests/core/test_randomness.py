"""Seeds and noise."""

from __future__ import annotations

import pytest
import torch

from core.randomness import MAX_SEED, NoiseSource, derived_seed, generator


def test_a_sample_draws_the_same_noise_alone_and_in_any_batch() -> None:
    alone = NoiseSource([7])
    batch = NoiseSource([3, 7, MAX_SEED])
    for _ in range(3):
        drawn = batch(torch.zeros(3, 2, 4, 4))
        assert torch.equal(drawn[1:2], alone(torch.zeros(1, 2, 4, 4)))


def test_draws_follow_one_another_without_repeating() -> None:
    source = NoiseSource([1])
    first, second = source(torch.zeros(1, 8)), source(torch.zeros(1, 8))
    assert not torch.equal(first, second)


def test_noise_is_standard_normal() -> None:
    drawn = NoiseSource([11])(torch.zeros(1, 4, 100, 100))
    assert float(drawn.mean()) == pytest.approx(0, abs=0.02)
    assert float(drawn.std()) == pytest.approx(1, abs=0.02)


def test_noise_takes_the_type_of_what_it_is_for() -> None:
    assert NoiseSource([1])(torch.zeros(1, 2, dtype=torch.float16)).dtype == torch.float16


def test_a_derived_seed_depends_on_every_part() -> None:
    seeds = [derived_seed(*parts) for parts in ((1, "a", 2), (1, "a", 3), (1, "b", 2), (2, "a", 2), (1, "a"))]
    assert len(set(seeds)) == 5
    assert all(0 <= seed <= MAX_SEED for seed in seeds)
    assert derived_seed(1, "a", 2) == seeds[0]


def test_generators_of_the_same_parts_agree() -> None:
    one, two = (torch.randn(4, generator=generator(5, "noise")) for _ in range(2))
    assert torch.equal(one, two)
