"""Between two latents.

Shoemake, "Animating Rotation with Quaternion Curves" (1985), equation for slerp; for noise, as Song et al. (arXiv
2010.02502), appendix D.5: a straight line would have too small a deviation halfway, an arc keeps it.
"""

from __future__ import annotations

import torch
from torch import Tensor


def slerp(a: Tensor, b: Tensor, share: float) -> Tensor:
    """Return the point at `share` of the arc from a (0) to b (1), for each sample of [b, ...]; a line if they align."""
    x, y = a.flatten(1).double(), b.flatten(1).double()
    cosine = (x * y).sum(1) / (x.norm(dim=1) * y.norm(dim=1)).clamp(min=1e-12)
    angle = torch.acos(cosine.clamp(-1, 1))[:, None]
    sine = torch.sin(angle)
    aligned = sine < 1e-6
    safe = torch.where(aligned, 1.0, sine)
    of_a = torch.where(aligned, 1 - share, torch.sin((1 - share) * angle) / safe)
    of_b = torch.where(aligned, share, torch.sin(share * angle) / safe)
    return (of_a * x + of_b * y).reshape(a.shape).to(a.dtype)
