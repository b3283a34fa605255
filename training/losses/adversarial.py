"""The adversarial part of the first stage: losses on a discriminator's logits, and their weight.

Hinge loss after Lim and Ye, "Geometric GAN" (arXiv 1705.02894), section 2.2; non-saturating loss after Goodfellow et
al. (arXiv 1406.2661), section 3; adaptive weight after Esser et al., "Taming Transformers" (arXiv 2012.09841),
equation 7. Logits have any shape [b, 1, h, w]: one for each patch, higher = more real.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the customary name

MAX_WEIGHT = 1e4
GRADIENT_FLOOR = 1e-4  # keeps the weight finite where the discriminator gives no gradient


def hinge_discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Half the mean of max(0, 1 - real) and max(0, 1 + fake); a scalar."""
    return 0.5 * (F.relu(1 - real).mean() + F.relu(1 + fake).mean())


def vanilla_discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Half the cross-entropy of real against 1 and fake against 0; a scalar."""
    return 0.5 * (F.softplus(-real).mean() + F.softplus(fake).mean())


def generator_loss(fake: Tensor) -> Tensor:
    """Return minus the mean logit of reconstructions; the same for both kinds of discriminator loss; a scalar."""
    return -fake.mean()


DISCRIMINATOR_LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "hinge": hinge_discriminator_loss,
    "vanilla": vanilla_discriminator_loss,
}


def adopt_weight(weight: float, step: int, threshold: int = 0, value: float = 0.0) -> float:
    """Return `value` before the step `threshold`, `weight` from then on."""
    return value if step < threshold else weight


def adaptive_weight(reconstruction_loss: Tensor, adversarial_loss: Tensor, last_layer: Tensor) -> Tensor:
    """Return the weight that makes both losses pull alike on the decoder's last layer, equation 7; a scalar, detached.

    Both losses are scalars that depend on the weight `last_layer`; the result is in [0, `MAX_WEIGHT`].
    """
    norms = [
        torch.autograd.grad(loss, last_layer, retain_graph=True)[0].norm()
        for loss in (reconstruction_loss, adversarial_loss)
    ]
    weight: Tensor = norms[0] / (norms[1] + GRADIENT_FLOOR)
    return weight.clamp(0, MAX_WEIGHT).detach()
