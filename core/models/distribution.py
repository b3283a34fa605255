"""The diagonal Gaussian posterior of a KL autoencoder.

Kingma and Welling, "Auto-Encoding Variational Bayes" (arXiv 1312.6114), appendix B; Rombach et al.
(arXiv 2112.10752), section 3.1 and appendix G.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


class DiagonalGaussian:
    """A Gaussian with diagonal covariance for each latent value.

    Attributes:
        mean, logvar, std, var: [b, z, h, w] each; logvar is clamped to [-30, 20].
        deterministic: Whether sampling gives the mean.
    """

    def __init__(self, moments: Tensor, deterministic: bool = False) -> None:
        """Split `moments` [b, 2z, h, w] into mean and log variance."""
        self.mean, logvar = torch.chunk(moments, 2, dim=1)
        self.logvar = torch.clamp(logvar, -30.0, 20.0)
        self.deterministic = deterministic
        self.std = torch.zeros_like(self.mean) if deterministic else torch.exp(0.5 * self.logvar)
        self.var = torch.zeros_like(self.mean) if deterministic else torch.exp(self.logvar)

    def sample(self, generator: torch.Generator | None = None) -> Tensor:
        """Draw mean + std * noise, [b, z, h, w]; the generator may be of another device, such as the CPU."""
        device = self.mean.device if generator is None else generator.device
        noise = torch.randn(self.mean.shape, generator=generator, device=device, dtype=self.mean.dtype)
        return self.mean + self.std * noise.to(self.mean.device)

    def mode(self) -> Tensor:
        """Return the most probable latent, [b, z, h, w]."""
        return self.mean

    def kl(self, other: DiagonalGaussian | None = None) -> Tensor:
        """Kullback-Leibler divergence to `other`, or to the standard normal, summed over each sample: [b], nats.

        A deterministic one has none; as published, that is [1] zero.
        """
        if self.deterministic:
            return self.mean.new_zeros(1)
        if other is None:
            terms = self.mean**2 + self.var - 1.0 - self.logvar
        else:
            difference = (self.mean - other.mean) ** 2 / other.var
            terms = difference + self.var / other.var - 1.0 - self.logvar + other.logvar
        return 0.5 * terms.sum(dim=(1, 2, 3))

    def nll(self, sample: Tensor) -> Tensor:
        """Negative log likelihood of `sample` [b, z, h, w], summed over each sample: [b], nats; as for `kl`."""
        if self.deterministic:
            return self.mean.new_zeros(1)
        terms = math.log(2.0 * math.pi) + self.logvar + (sample - self.mean) ** 2 / self.var
        return 0.5 * terms.sum(dim=(1, 2, 3))


def normal_kl(mean1: Tensor, logvar1: Tensor, mean2: Tensor, logvar2: Tensor) -> Tensor:
    """Elementwise KL(N(mean1, e^logvar1) || N(mean2, e^logvar2)) in nats, any shapes that broadcast."""
    ratio = torch.exp(logvar1 - logvar2) + (mean1 - mean2) ** 2 * torch.exp(-logvar2)
    return 0.5 * (-1.0 + logvar2 - logvar1 + ratio)
