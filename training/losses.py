"""Losses of both stages.

Rombach et al. (arXiv 2112.10752), equation 2 for the second stage and appendix G for the first.
Letters: b batch, c channels, h height, w width.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the customary name

from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Parameterization, min_snr_weight, target


def image_gradient_l1(a: Tensor, b: Tensor) -> Tensor:
    """Mean absolute error of the horizontal and vertical differences of images [b, c, h, w]; keeps edges sharp."""
    dx = (a.diff(dim=-1) - b.diff(dim=-1)).abs().mean()
    dy = (a.diff(dim=-2) - b.diff(dim=-2)).abs().mean()
    return dx + dy


def reconstruction_terms(prediction: Tensor, image: Tensor) -> dict[str, Tensor]:
    """Return the unweighted l1, l2 and gradient errors of images [b, 3, h, w] in [-1, 1]."""
    return {
        "l1": F.l1_loss(prediction, image),
        "l2": F.mse_loss(prediction, image),
        "gradient": image_gradient_l1(prediction, image),
    }


def diffusion_loss(
    prediction: Tensor,
    x_0: Tensor,
    noise: Tensor,
    t: Tensor,
    schedule: NoiseSchedule,
    kind: Parameterization,
    min_snr_gamma: float,
) -> Tensor:
    """Mean squared error of the network's prediction [b, c, h, w], weighted by min-SNR unless the gamma is 0."""
    error = (prediction.float() - target(kind, schedule, x_0, noise, t)).square().mean(dim=(1, 2, 3))
    if min_snr_gamma:
        error = error * min_snr_weight(kind, schedule, t, min_snr_gamma)
    return error.mean()


def psnr(a: Tensor, b: Tensor) -> Tensor:
    """Peak signal-to-noise ratio of each pair of images [b, c, h, w] in [-1, 1]: [b], in dB."""
    mse = (a - b).square().mean(dim=(1, 2, 3)).clamp(min=1e-10)
    return 10 * torch.log10(4 / mse)
