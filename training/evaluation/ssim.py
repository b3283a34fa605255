"""The structural similarity of pictures.

Wang et al., "Image Quality Assessment: From Error Visibility to Structural Similarity" (IEEE TIP 13(4), 2004),
equation 13 with the Gaussian window of section III-C: 11 x 11, sigma 1.5, K1 = 0.01, K2 = 0.03.
Letters: b batch, c channels, h height, w width.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the customary name

WINDOW, SIGMA = 11, 1.5
K1, K2 = 0.01, 0.03
RANGE = 2.0  # of values in [-1, 1]
C1, C2 = (K1 * RANGE) ** 2, (K2 * RANGE) ** 2


def ssim(a: Tensor, b: Tensor) -> Tensor:
    """Compare pairs of pictures [b, c, h, w] in [-1, 1], of at least 11 x 11 pixels: [b], 1 = identical.

    Every channel is compared by itself, where the whole window lies in the picture; float64 inside.
    """
    if min(a.shape[-2:]) < WINDOW:
        raise ValueError(f"Pictures must have at least {WINDOW} x {WINDOW} pixels; got {tuple(a.shape[-2:])}.")
    a, b = a.double(), b.double()
    mean_a, mean_b = blurred(a), blurred(b)
    # The window's weights sum to 1, so the variance is the mean of squares less the square of the mean.
    variance_a = blurred(a * a) - mean_a**2
    variance_b = blurred(b * b) - mean_b**2
    covariance = blurred(a * b) - mean_a * mean_b
    likeness = (2 * mean_a * mean_b + C1) * (2 * covariance + C2)
    scale = (mean_a**2 + mean_b**2 + C1) * (variance_a + variance_b + C2)
    return (likeness / scale).mean(dim=(1, 2, 3))


def blurred(x: Tensor) -> Tensor:
    """Average [b, c, h, w] under the Gaussian window at each place where it fits: [b, c, h - 10, w - 10]."""
    offsets = torch.arange(WINDOW, dtype=x.dtype, device=x.device) - WINDOW // 2
    window = torch.exp(-(offsets**2) / (2 * SIGMA**2))
    window = (window / window.sum()).expand(x.shape[1], 1, 1, WINDOW)
    x = F.conv2d(x, window, groups=x.shape[1])
    return F.conv2d(x, window.transpose(2, 3), groups=x.shape[1])
