"""The factor that gives latents unit variance.

Rombach et al. (arXiv 2112.10752), section 4.3.2 and appendix G, "Rescaling of the latent space": without it the
signal-to-noise ratio at each step would depend on the autoencoder. Published models fixed theirs in their
configuration; others measure it on the first batch of training (the reference's `scale_by_std`).
"""

from __future__ import annotations

import math

from torch import Tensor

from core.errors import InputError


def unit_variance_scale(latents: Tensor) -> float:
    """Return 1 / standard deviation over all values of latents [b, z, h, w], as the encoder gives them.

    Raises:
        InputError: The latents do not vary, or are not finite.
    """
    deviation = float(latents.float().std())
    if not (math.isfinite(deviation) and deviation > 0):
        raise InputError(
            f"The latents cannot be scaled to unit variance: their standard deviation is {deviation:g}.",
            why="The autoencoder gives the same or no finite numbers for all pictures.",
            fix="Check the pictures and the autoencoder's weights.",
        )
    return 1 / deviation
