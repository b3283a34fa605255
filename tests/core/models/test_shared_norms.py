"""Norms fixed at the statistics of a sample."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from core.models.shared_norms import shared_norms


def network() -> nn.Module:
    layers = nn.Sequential(nn.Conv2d(3, 8, 1), nn.GroupNorm(4, 8), nn.SiLU(), nn.Conv2d(8, 4, 1), nn.GroupNorm(2, 4))
    for parameter in layers.parameters():
        parameter.data.normal_()
    return layers.eval()


@torch.no_grad()
def test_a_part_is_treated_as_in_the_whole() -> None:
    module, whole = network(), torch.randn(1, 3, 16, 16)
    wanted, alone = module(whole)[..., :8], module(whole[..., :8])
    with shared_norms(module, module, whole):
        torch.testing.assert_close(module(whole[..., :8]), wanted)
    assert float((alone - wanted).abs().max()) > 0.01
    assert torch.equal(module(whole[..., :8]), alone)


@torch.no_grad()
def test_norms_that_the_sample_did_not_pass_stay_as_they_are() -> None:
    module, other = network(), network()
    both, x = nn.ModuleList([module, other]), torch.randn(1, 3, 4, 4)
    wanted = other(x)
    with shared_norms(both, module, torch.randn(1, 3, 8, 8)):
        assert torch.equal(other(x), wanted)


def test_after_a_failure_the_norms_are_back() -> None:
    module = network()
    kinds = [type(part) for part in module.modules()]

    def fails(x: torch.Tensor) -> torch.Tensor:
        module(x)
        raise ArithmeticError

    with pytest.raises(ArithmeticError), shared_norms(module, fails, torch.randn(1, 3, 4, 4)):
        raise AssertionError("not reached")
    with pytest.raises(ArithmeticError), shared_norms(module, module, torch.randn(1, 3, 4, 4)):
        raise ArithmeticError
    assert [type(part) for part in module.modules()] == kinds
    assert not [part for part in module.modules() if part._forward_pre_hooks]
