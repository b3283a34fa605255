"""The moving average of weights."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from training.ema import Ema


def module_of(value: float) -> nn.Linear:
    module = nn.Linear(1, 1)
    for parameter in module.parameters():
        nn.init.constant_(parameter, value)
    return module


def test_the_average_of_constant_weights_follows_the_closed_form() -> None:
    module, target = module_of(0.0), 1.0
    ema = Ema(module, decay=0.2)
    nn.init.constant_(module.weight, target)
    gap = 1.0
    for update in range(1, 8):
        ema.update(module)
        gap *= min(0.2, (1 + update) / (10 + update))
        assert float(ema.averages["weight"]) == pytest.approx(target - gap * target, rel=1e-5)
    assert ema.updates == 7
    assert float(ema.averages["bias"]) == 0


def test_swapping_twice_gives_everything_back() -> None:
    module = module_of(1.0)
    ema = Ema(module, decay=0.9)
    nn.init.constant_(module.weight, 3.0)
    ema.swap(module)
    assert (module.weight.tolist(), ema.averages["weight"].tolist()) == ([[1.0]], [[3.0]])
    ema.swap(module)
    assert (module.weight.tolist(), ema.averages["weight"].tolist()) == ([[3.0]], [[1.0]])


def test_frozen_weights_are_left_out() -> None:
    module = module_of(1.0)
    module.bias.requires_grad_(False)
    assert set(Ema(module, 0.9).averages) == {"weight"}


def test_state_goes_on_where_it_was() -> None:
    module = module_of(0.0)
    ema, other = Ema(module, 0.99), Ema(module_of(5.0), 0.99)
    nn.init.constant_(module.weight, 2.0)
    ema.update(module)
    other.load_state_dict({name: value.clone() for name, value in ema.state_dict().items()})
    ema.update(module)
    other.update(module)
    assert all(torch.equal(ema.state_dict()[name], other.state_dict()[name]) for name in ema.state_dict())
