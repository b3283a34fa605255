"""Classifier-free guidance.

Ho and Salimans (arXiv 2207.12598), equation 6, in the form of Rombach et al. (arXiv 2112.10752), appendix:
eps = eps(null) + s (eps(condition) - eps(null)); the same holds for x_0 and v, which are linear in eps at a given x_t.
Rescaling after Lin et al. (arXiv 2305.08891), section 3.4; the interval after Kynkaanniemi et al. (arXiv 2404.07724).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from core.conditioning.conditioning import Conditioning
from core.diffusion.parameterization import OutputModel
from core.errors import InputError

ConditionalModel = Callable[[Tensor, Tensor, Conditioning], Tensor]
"""A network: noisy latent [b, c, h, w], steps t [b] and a conditioning of the same batch to its output."""

ALWAYS = (0.0, math.inf)


def guided(
    model: ConditionalModel,
    positive: Conditioning,
    null: Conditioning | None,
    scale: float,
    *,
    rescale: float = 0.0,
    interval: tuple[float, float] = ALWAYS,
) -> OutputModel:
    """Wrap a conditional model into one without conditions.

    Args:
        model: The network; what it predicts does not matter.
        positive: What the picture should show.
        null: The condition to move away from; None, or a scale of 1, means no guidance and half the work.
        scale: s; 1 = no guidance, 2 to 8 are usual.
        rescale: phi of section 3.4: 0 = plain guidance, 1 = as much contrast as without guidance; 0.7 is advised
            with zero terminal SNR.
        interval: Lowest and highest step t with guidance, both included; outside there is none, and half the work.

    Raises:
        InputError: The two conditions are not of the same kinds and sizes.
    """
    if null is None or scale == 1.0:
        return lambda x_t, t: model(x_t, t, positive)
    try:
        both = null.completed(positive).joined(positive)
    except InputError as error:
        raise error.at(port="negative") from None

    def output(x_t: Tensor, t: Tensor) -> Tensor:
        if interval != ALWAYS and not interval[0] <= float(t[0]) <= interval[1]:
            return model(x_t, t, positive)
        without, with_condition = model(torch.cat([x_t, x_t]), torch.cat([t, t]), both).chunk(2)
        mixed = without + scale * (with_condition - without)
        return mixed if rescale == 0 else rescaled(mixed, with_condition, rescale)

    return output


def rescaled(mixed: Tensor, with_condition: Tensor, share: float) -> Tensor:
    """Take guidance's rise in contrast back by a share in [0, 1], equations 15 and 16 of arXiv 2305.08891.

    Args:
        mixed: The guided output, [b, c, h, w].
        with_condition: The output under the condition alone, [b, c, h, w].
        share: phi.
    """
    every = tuple(range(1, mixed.ndim))
    ratio = with_condition.std(every, keepdim=True) / mixed.std(every, keepdim=True).clamp(min=1e-12)
    return share * ratio * mixed + (1 - share) * mixed
