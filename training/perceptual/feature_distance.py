"""Comparing features of two pictures, layer by layer.

Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric" (arXiv 1801.03924), section 3.2,
equation 1. Letters: b batch, c channels, h height, w width.
"""

from __future__ import annotations

from torch import Tensor

EPSILON = 1e-10


def unit_features(features: Tensor) -> Tensor:
    """Scale the channels at each position of [b, c, h, w] to unit length."""
    return features / (features.square().sum(dim=1, keepdim=True).sqrt() + EPSILON)


def squared_difference(a: Tensor, b: Tensor) -> Tensor:
    """Return the squared difference of unit features, [b, c, h, w]."""
    return (unit_features(a) - unit_features(b)).square()


def cosine_distance(a: Tensor, b: Tensor) -> Tensor:
    """Return 1 minus the cosine of features [b, c, h, w], averaged over positions: [b, 1, 1, 1], in [0, 2]."""
    return 0.5 * squared_difference(a, b).sum(dim=1, keepdim=True).mean(dim=(2, 3), keepdim=True)
