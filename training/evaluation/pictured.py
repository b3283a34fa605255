"""What is measured where the model continues from a picture: inpainting and super-resolution.

Rombach et al. (arXiv 2112.10752), sections 4.4 and 4.5. Letters: b batch, h height, w width, s scale.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the customary name

SEAM = 4  # pixels on either side of a mask's edge


def seam(masks: Tensor, width: int = SEAM) -> Tensor:
    """Return the ring of `width` pixels on either side of the edge of masks [b, 1, h, w]: the same shape, 0 or 1."""
    grown = F.max_pool2d(masks, 2 * width + 1, stride=1, padding=width)
    shrunk = -F.max_pool2d(-masks, 2 * width + 1, stride=1, padding=width)
    return grown - shrunk


def masked_psnr(a: Tensor, b: Tensor, masks: Tensor) -> Tensor:
    """Return the PSNR, dB, [b], of pictures [b, 3, h, w] in [-1, 1] where masks [b, 1, h, w] are 1; NaN = nowhere."""
    errors = (a - b).double().square().mean(dim=1, keepdim=True) * masks
    mse = errors.sum(dim=(1, 2, 3)) / masks.sum(dim=(1, 2, 3))
    return 10 * torch.log10(4 / mse.clamp(min=1e-10))


def enlarged(small: Tensor, scale: int) -> Tensor:
    """Enlarge pictures [b, 3, h, w] in [-1, 1] by a bicubic filter, what super-resolution is compared with."""
    return F.interpolate(small, scale_factor=float(scale), mode="bicubic").clamp(-1, 1)
