"""Precision and recall of generated pictures: are they real ones, and are all kinds of real ones among them.

Kynkäänniemi et al., "Improved Precision and Recall Metric for Assessing Generative Models" (arXiv 1904.06991),
section 2, algorithm 1. Letters: n, m samples, d features.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

NEIGHBOURS = 3  # k of the paper
_ROWS = 1024  # compared at a time, so that memory does not grow with the square of the samples


@dataclass(frozen=True)
class PrecisionRecall:
    """Shares from 0 to 1.

    Attributes:
        precision: Generated samples that lie on the manifold of real ones.
        recall: Real samples that lie on the manifold of generated ones.
    """

    precision: float
    recall: float


def precision_recall(real: Tensor, generated: Tensor, neighbours: int = NEIGHBOURS) -> PrecisionRecall:
    """Compare features [n, d] of real pictures with [m, d] of generated ones; n and m are above `neighbours`."""
    return PrecisionRecall(
        precision=share_on_manifold(generated, real, neighbours), recall=share_on_manifold(real, generated, neighbours)
    )


def share_on_manifold(samples: Tensor, of: Tensor, neighbours: int) -> float:
    """Return the share of samples [n, d] within a ball around any of `of` [m, d]: to its k-th nearest of its kind."""
    if len(of) <= neighbours:
        raise ValueError(f"{neighbours} neighbours need at least {neighbours + 1} samples; got {len(of)}.")
    samples, of = samples.double(), of.double()
    # The nearest is the sample itself.
    radii = torch.cat([_distances(part, of).kthvalue(neighbours + 1, dim=1).values for part in of.split(_ROWS)])
    inside = [(_distances(part, of) <= radii).any(dim=1) for part in samples.split(_ROWS)]
    return float(torch.cat(inside).double().mean())


def _distances(a: Tensor, b: Tensor) -> Tensor:
    """Return Euclidean distances [n, m]; differences rather than products, so that equal samples are at 0."""
    return torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist")
