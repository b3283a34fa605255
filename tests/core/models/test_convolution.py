"""The shorter ways of convolving give what torch's convolution gives."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F  # noqa: N812 - the customary name

from core.models.convolution import Conv1x1, Conv3x3
from core.models.winograd import convolve3x3

# Few positions at a narrow and a wide layer, an odd size, several strips, and a batch.
SHAPES = [
    (1, 4, 6, 64, 80),
    (1, 9, 8, 128, 80),
    (2, 3, 5, 512, 512),
    (1, 45, 47, 128, 160),
    (1, 46, 62, 128, 160),
    (2, 34, 32, 160, 128),
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_every_way_agrees_with_torch(shape: tuple[int, ...], layout: torch.memory_format) -> None:
    b, h, w, c, o = shape
    layer, x = Conv3x3(c, o), torch.randn(b, c, h, w).contiguous(memory_format=layout)
    wanted = F.conv2d(x, layer.weight, layer.bias, padding=1)
    with torch.no_grad():
        torch.testing.assert_close(layer(x), wanted, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_doubled_image_is_convolved_without_being_made(shape: tuple[int, ...]) -> None:
    b, h, w, c, o = shape
    layer, x = Conv3x3(c, o), torch.randn(b, c, h, w)
    wanted = layer(F.interpolate(x, scale_factor=2.0))
    with torch.no_grad():
        torch.testing.assert_close(layer.doubled(x), wanted, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("doubled", [False, True])
def test_filtering_in_float64_is_exact(doubled: bool) -> None:
    x, weight, bias = (torch.randn(*shape, dtype=torch.float64) for shape in ((2, 3, 8, 6), (5, 3, 3, 3), (5,)))
    image = F.interpolate(x, scale_factor=2.0) if doubled else x
    found = convolve3x3(x, weight, bias, doubled=doubled)
    torch.testing.assert_close(found, F.conv2d(image, weight, bias, padding=1), atol=1e-12, rtol=1e-12)
    without_bias = convolve3x3(x, weight, None, doubled=doubled)
    torch.testing.assert_close(found - without_bias, bias[:, None, None].expand_as(found), atol=1e-12, rtol=1e-12)


def test_an_empty_batch_stays_empty() -> None:
    with torch.no_grad():
        assert Conv3x3(8, 5)(torch.empty(0, 8, 4, 4)).shape == (0, 5, 4, 4)


def test_gradients_are_those_of_torch() -> None:
    layer, x = Conv3x3(128, 128), torch.randn(1, 128, 48, 48, requires_grad=True)
    (found,) = torch.autograd.grad(layer(x).square().sum(), x)
    (wanted,) = torch.autograd.grad(F.conv2d(x, layer.weight, layer.bias, padding=1).square().sum(), x)
    torch.testing.assert_close(found, wanted)


def test_a_hook_sees_the_doubled_image() -> None:
    layer, seen = Conv3x3(128, 128), []
    layer.register_forward_hook(lambda _module, given, _result: seen.append(given[0].shape))
    with torch.no_grad():
        layer.doubled(torch.randn(1, 128, 24, 24))
    assert seen == [(1, 128, 48, 48)]


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_a_convolution_over_single_pixels_is_a_linear_layer(layout: torch.memory_format) -> None:
    layer, x = Conv1x1(6, 5), torch.randn(2, 6, 4, 3).contiguous(memory_format=layout)
    with torch.no_grad():
        wanted = F.linear(x.permute(0, 2, 3, 1), layer.weight.flatten(1), layer.bias).permute(0, 3, 1, 2)
        torch.testing.assert_close(layer(x), wanted)
