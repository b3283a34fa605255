"""The shipped perceptual distance: agreement with the published network, and what it finds alike."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the customary name

from core.errors import InputError
from training.perceptual.efficientnet_lite import EfficientNetDistance, SamePadding
from training.perceptual.metric import SHIPPED, make_metric
from training.perceptual.weights import load_perceptual_weights

# The features' means and deviations for `picture`, by the published package efficientnet-lite-pytorch 0.1.0.
PUBLISHED = ((-0.4729844, 7.6380496), (-0.0056915, 10.3234577), (0.0450809, 9.5190086), (0.4343241, 5.7883034))


def picture(size: int = 64) -> Tensor:
    """Smooth waves of three colours, [1, 3, size, size] in [-1, 1]."""
    y, x = torch.meshgrid(torch.linspace(0, 1, size), torch.linspace(0, 1, size), indexing="ij")
    return torch.stack([(9 * x).sin(), (7 * y).cos(), (5 * x * y).sin()])[None]


def shipped() -> EfficientNetDistance:
    model = EfficientNetDistance()
    load_perceptual_weights(model, SHIPPED / "efficientnet-lite0")
    return model.eval()


@torch.no_grad()
def test_the_features_are_those_of_the_published_network() -> None:
    found = [(float(features.mean()), float(features.std())) for features in shipped().features(picture())]
    assert found == [pytest.approx(wanted, rel=1e-4) for wanted in PUBLISHED]


def test_the_distance_grows_with_blur_and_is_zero_for_the_same_picture() -> None:
    metric = make_metric("efficientnet-lite0")
    assert metric is not None
    assert metric.name == "efficientnet_lite0"
    image = picture()
    blurred = [F.interpolate(F.avg_pool2d(image, k), scale_factor=k, mode="nearest") for k in (2, 4, 8)]
    distances = [float(metric.distance(image, other)) for other in (image, *blurred)]
    assert distances[0] == pytest.approx(0, abs=1e-6)
    assert distances == sorted(distances)
    assert distances[1] > 0.001
    assert distances[3] < 2


def test_gradients_reach_the_picture_and_no_weight() -> None:
    metric = make_metric("efficientnet-lite0")
    assert metric is not None
    image = (0.5 * picture(32)).requires_grad_()
    metric.distance(picture(32), image).sum().backward()
    assert image.grad is not None
    assert image.grad.abs().sum() > 0


@pytest.mark.parametrize(("size", "stride", "cells"), [(8, 2, 4), (9, 2, 5), (8, 1, 8), (7, 1, 7)])
def test_padding_gives_the_size_over_the_stride_rounded_up(size: int, stride: int, cells: int) -> None:
    layer = SamePadding(1, 1, 3, stride)
    assert layer(torch.zeros(1, 1, size, size)).shape[-2:] == (cells, cells)


def test_no_distance_and_unknown_distances() -> None:
    assert make_metric("none") is None
    with pytest.raises(InputError, match="efficientnet-lite0, lpips-vgg16"):
        make_metric("alexnet")
