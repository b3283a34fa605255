"""Classifier-free guidance.

Ho and Salimans (arXiv 2207.12598), equation 6, in the form of Rombach et al. (arXiv 2112.10752), appendix:
eps = eps(null) + s (eps(condition) - eps(null)).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from core.conditioning.conditioning import Conditioning

EpsModel = Callable[[Tensor, Tensor], Tensor]
"""A denoiser as a sampler sees it: noisy latent [b, c, h, w] and steps t [b] to predicted noise."""

ConditionalEpsModel = Callable[[Tensor, Tensor, Conditioning], Tensor]
"""A denoiser that also takes a conditioning of the same batch."""


def guided(model: ConditionalEpsModel, positive: Conditioning, null: Conditioning | None, scale: float) -> EpsModel:
    """Wrap a conditional model into one that a sampler can call.

    Args:
        model: Predicts noise from x_t, t and a conditioning.
        positive: What the picture should show.
        null: The condition to move away from; None, or a scale of 1, means no guidance and half the work.
        scale: s; 1 = no guidance, 2 to 8 are usual.
    """
    if null is None or scale == 1.0:
        return lambda x_t, t: model(x_t, t, positive)
    both = null.joined(positive)

    def eps(x_t: Tensor, t: Tensor) -> Tensor:
        without, with_condition = model(torch.cat([x_t, x_t]), torch.cat([t, t]), both).chunk(2)
        return without + scale * (with_condition - without)

    return eps
