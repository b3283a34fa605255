"""The KL-regularized autoencoder: the first stage of an LDM.

Rombach et al. (arXiv 2112.10752), section 3.1 and appendix G. Constructor arguments and parameter names are those
of the reference implementation; `decoder_config` is this project's addition, for a decoder wider than the encoder.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from torch import Tensor, nn

from core.models.distribution import DiagonalGaussian
from core.models.encoder_decoder import Decoder, Encoder


class AutoencoderKL(nn.Module):
    """Encode images [b, 3, h, w] in [-1, 1] to a Gaussian over latents [b, embed_dim, h/f, w/f], and decode them.

    Attributes:
        factor: Pixels to a latent cell, f.
        embed_dim: Channels of the latent.
    """

    def __init__(
        self, ddconfig: Mapping[str, Any], embed_dim: int, decoder_config: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__()
        self.factor = ddconfig.get("patch_size", 1) * 2 ** (len(ddconfig["ch_mult"]) - 1)
        self.embed_dim = embed_dim
        self.encoder = Encoder(**ddconfig)
        self.decoder = Decoder(**{**ddconfig, **(decoder_config or {})})
        z = ddconfig["z_channels"]
        self.quant_conv = nn.Conv2d(2 * z, 2 * embed_dim, 1)
        self.post_quant_conv = nn.Conv2d(embed_dim, z, 1)

    def encode(self, x: Tensor) -> DiagonalGaussian:
        """Return q(z|x) for images [b, 3, h, w] in [-1, 1]."""
        return DiagonalGaussian(self.quant_conv(self.encoder(x)))

    def decode(self, z: Tensor) -> Tensor:
        """Return images [b, 3, h, w] for latents [b, embed_dim, h/f, w/f]."""
        return cast(Tensor, self.decoder(self.post_quant_conv(z)))
