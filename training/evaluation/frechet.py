"""The Fréchet distance of two sets of features, each taken for a Gaussian.

Dowson and Landau, "The Fréchet Distance between Multivariate Normal Distributions" (1982); as a measure of generated
pictures: Heusel et al. (arXiv 1706.08500), equation 6. It is called FID only where the features are Inception's.
The estimate is biased upwards for few samples (Chong and Forsyth, arXiv 1911.07023): compare equal numbers only.
Letters: n samples, d features.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Gaussian:
    """A mean [d] and a covariance [d, d], float64."""

    mean: Tensor
    covariance: Tensor


def gaussian_of(features: Tensor) -> Gaussian:
    """Return mean and unbiased covariance of features [n, d], n at least 2."""
    if len(features) < 2:
        raise ValueError(f"A covariance needs at least 2 samples; got {len(features)}.")
    features = features.double()
    centred = features - features.mean(dim=0)
    return Gaussian(features.mean(dim=0), centred.T @ centred / (len(features) - 1))


def frechet_distance(a: Gaussian, b: Gaussian) -> float:
    """Return |m_a - m_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^(1/2)), 0 or more.

    C_a C_b is similar to the symmetric C_a^(1/2) C_b C_a^(1/2), whose eigenvalues are real and found stably, also where
    a covariance is singular because there are fewer samples than features.
    """
    root = symmetric_root(a.covariance)
    product = root @ b.covariance @ root
    values = torch.linalg.eigvalsh((product + product.T) / 2).clamp(min=0)
    shift = (a.mean - b.mean).square().sum()
    distance = shift + a.covariance.trace() + b.covariance.trace() - 2 * values.sqrt().sum()
    return max(0.0, float(distance))


def symmetric_root(matrix: Tensor) -> Tensor:
    """Return the square root of a symmetric positive semidefinite matrix [d, d]; rounding below 0 counts as 0."""
    values, vectors = torch.linalg.eigh((matrix + matrix.T) / 2)
    root: Tensor = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    return root
