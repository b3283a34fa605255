"""Adversarial losses: closed forms and their minima."""

from __future__ import annotations

import math

import pytest
import torch

from training.losses.adversarial import (
    MAX_WEIGHT,
    adaptive_weight,
    adopt_weight,
    generator_loss,
    hinge_discriminator_loss,
    vanilla_discriminator_loss,
)


def test_the_hinge_is_satisfied_beyond_a_margin_of_1() -> None:
    assert float(hinge_discriminator_loss(torch.tensor([1.0, 7.0]), torch.tensor([-1.0, -3.0]))) == 0
    assert float(hinge_discriminator_loss(torch.zeros(4), torch.zeros(4))) == 1


def test_undecided_logits_cost_the_vanilla_loss_one_bit() -> None:
    assert float(vanilla_discriminator_loss(torch.zeros(4), torch.zeros(4))) == pytest.approx(math.log(2))


def test_the_generator_wants_high_logits() -> None:
    assert float(generator_loss(torch.tensor([1.0, 3.0]))) == -2


def test_a_weight_is_adopted_at_its_threshold() -> None:
    assert [adopt_weight(0.5, step, threshold=10, value=0.1) for step in (9, 10, 11)] == [0.1, 0.5, 0.5]


def test_the_adaptive_weight_makes_both_gradients_equally_long() -> None:
    last = torch.tensor([1.0, 2.0], requires_grad=True)
    weight = adaptive_weight((3 * last).sum(), (0.5 * last).sum(), last)
    assert float(weight) == pytest.approx(6, rel=1e-3)
    assert not weight.requires_grad


def test_the_adaptive_weight_is_bounded_where_the_discriminator_gives_no_gradient() -> None:
    last = torch.tensor([1.0, 2.0], requires_grad=True)
    assert float(adaptive_weight((3 * last).sum(), (0 * last).sum(), last)) == MAX_WEIGHT
