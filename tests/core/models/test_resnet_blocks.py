"""Residual blocks, halving and doubling."""

from __future__ import annotations

import pytest
import torch

from core.models.resnet_blocks import Downsample, TimeResBlock, Upsample


def test_halving_without_a_convolution_averages() -> None:
    x = torch.tensor([[1.0, 3.0], [5.0, 7.0]]).reshape(1, 1, 2, 2)
    assert Downsample(1, use_conv=False)(x).item() == 4


def test_doubling_without_a_convolution_repeats() -> None:
    x = torch.randn(1, 2, 3, 2)
    torch.testing.assert_close(Upsample(2, use_conv=False)(x)[:, :, 1::2, ::2], x)


@pytest.mark.parametrize("use_scale_shift_norm", [False, True])
def test_a_block_starts_as_the_identity(use_scale_shift_norm: bool) -> None:
    x = torch.randn(2, 32, 4, 4)
    block = TimeResBlock(32, 8, 0.0, use_scale_shift_norm=use_scale_shift_norm)
    torch.testing.assert_close(block(x, torch.randn(2, 8)), x)


def test_a_downsampling_block_starts_as_averaging() -> None:
    x = torch.randn(1, 32, 4, 6)
    made = TimeResBlock(32, 8, 0.0, down=True)(x, torch.randn(1, 8))
    torch.testing.assert_close(made, torch.nn.functional.avg_pool2d(x, 2))
