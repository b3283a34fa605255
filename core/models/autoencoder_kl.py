"""The KL-regularized autoencoder: the first stage of an LDM.

Rombach et al. (arXiv 2112.10752), section 3.1 and appendix G. Constructor arguments and parameter names are those
of the reference implementation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from core.models.distribution import DiagonalGaussian
from core.models.first_stage import ConvolutionalFirstStage


class AutoencoderKL(ConvolutionalFirstStage):
    """Encode images [b, 3, h, w] in [-1, 1] to a Gaussian over latents [b, embed_dim, h/f, w/f], and decode them."""

    def __init__(
        self,
        ddconfig: Mapping[str, Any],
        embed_dim: int,
        decoder_config: Mapping[str, Any] | None = None,
        colorize_nlabels: int | None = None,
    ) -> None:
        super().__init__(
            ddconfig, embed_dim, moments=2, colorize_nlabels=colorize_nlabels, decoder_config=decoder_config
        )

    def encode(self, x: Tensor) -> DiagonalGaussian:
        """Return q(z|x) for images [b, 3, h, w] in [-1, 1]."""
        return DiagonalGaussian(self.features(x))

    def latent(self, x: Tensor) -> Tensor:
        """Return the most probable latents [b, embed_dim, h/f, w/f] of images [b, 3, h, w] in [-1, 1]."""
        return self.encode(x).mode()
