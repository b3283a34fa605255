"""A step moves weights by its own gradient alone, and holds no gradient when it is done."""

from __future__ import annotations

import torch
from torch import nn

from training.config import OptimizerConfig
from training.optimization import Optimization

PLAIN = OptimizerConfig(lr=0.1, warmup_steps=0, decay_from=1.0, clip_norm=1.0)


def test_no_gradient_is_held_after_a_step() -> None:
    layer = nn.Linear(3, 2)
    norm = Optimization(layer, PLAIN, 10).descend(layer(torch.ones(1, 3)).sum(), 0)
    assert norm > 0
    assert all(weight.grad is None for weight in layer.parameters())


def test_a_gradient_that_another_loss_left_does_not_count() -> None:
    norms = []
    for left in (False, True):
        torch.manual_seed(0)
        layer = nn.Linear(3, 2)
        if left:
            layer(torch.full((1, 3), 7.0)).sum().backward()
        norms.append(float(Optimization(layer, PLAIN, 10).descend(layer(torch.ones(1, 3)).sum(), 0)))
    assert norms[0] == norms[1]
