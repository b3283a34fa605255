"""The shorter ways of convolving give what torch's convolution gives."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the customary name

from core.models.convolution import Conv1x1, Conv3x3, transposed_kernels
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


@pytest.mark.parametrize("shape", [*SHAPES, (1, 16, 17, 24, 20)])
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


@pytest.mark.parametrize("shape", [(1, 16, 17, 24, 20), (2, 5, 3, 24, 20), (1, 16, 17, 24, 160)])
def test_gradients_through_a_doubled_image_are_those_of_torch(shape: tuple[int, ...]) -> None:
    b, h, w, c, o = shape
    layer, x = Conv3x3(c, o), torch.randn(b, c, h, w, requires_grad=True)
    into = [x, *layer.parameters()]
    by_torch = F.conv2d(F.interpolate(x, scale_factor=2.0), layer.weight, layer.bias, padding=1)
    wanted = torch.autograd.grad(by_torch.sin().sum(), into)
    found = torch.autograd.grad(layer.doubled(x).sin().sum(), into)
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-4)


def test_a_doubled_image_is_not_kept_for_the_gradients() -> None:
    layer, x, kept = Conv3x3(8, 8), torch.randn(1, 8, 16, 16, requires_grad=True), list[Tensor]()

    def keep(tensor: Tensor) -> Tensor:
        kept.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        layer.doubled(x)
    assert x.numel() <= max(tensor.numel() for tensor in kept) < 4 * x.numel()


def test_a_doubled_image_has_gradients_of_gradients() -> None:
    x, weight, bias = (
        torch.randn(*shape, dtype=torch.float64, requires_grad=True) for shape in ((1, 2, 3, 2), (3, 2, 3, 3), (3,))
    )

    def convolved(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return F.conv_transpose2d(x, transposed_kernels(weight), bias, stride=2, padding=1)

    by_torch = F.conv2d(F.interpolate(x, scale_factor=2.0), weight, bias, padding=1)
    torch.testing.assert_close(convolved(x, weight, bias), by_torch, atol=1e-12, rtol=1e-12)
    assert torch.autograd.gradcheck(convolved, (x, weight, bias))
    assert torch.autograd.gradgradcheck(convolved, (x, weight, bias))


@pytest.mark.parametrize("learns", [False, True])
def test_a_hook_sees_the_doubled_image(learns: bool) -> None:
    layer, seen = Conv3x3(128, 128), []
    layer.register_forward_hook(lambda _module, given, _result: seen.append(given[0].shape))
    with torch.set_grad_enabled(learns):
        layer.doubled(torch.randn(1, 128, 24, 24))
    assert seen == [(1, 128, 48, 48)]


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_a_convolution_over_single_pixels_is_a_linear_layer(layout: torch.memory_format) -> None:
    layer, x = Conv1x1(6, 5), torch.randn(2, 6, 4, 3).contiguous(memory_format=layout)
    with torch.no_grad():
        wanted = F.linear(x.permute(0, 2, 3, 1), layer.weight.flatten(1), layer.bias).permute(0, 3, 1, 2)
        torch.testing.assert_close(layer(x), wanted)
