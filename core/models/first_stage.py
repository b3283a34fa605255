"""What the first stages share: an encoder, a decoder, and the 1x1 convolutions between features and latents.

Rombach et al. (arXiv 2112.10752), section 3.1. Constructor arguments and parameter names are those of the reference
implementation; `decoder_config` is this project's addition, for a decoder wider than the encoder.
Letters: b batch, h height, w width, f pixels to a latent cell, z channels of the encoder's features.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the customary name

from core.models.encoder_decoder import Decoder, Encoder


class FirstStageModel(nn.Module):
    """An autoencoder as a diffusion model sees it: images to latents that can be noised, and back.

    Attributes:
        factor: Pixels to a latent cell, f.
        embed_dim: Channels of the latent.
    """

    factor: int
    embed_dim: int

    def latent(self, x: Tensor) -> Tensor:
        """Return the latents [b, embed_dim, h/f, w/f] that stand for images [b, c, h, w] in [-1, 1]."""
        raise NotImplementedError

    def decode(self, z: Tensor) -> Tensor:
        """Return images [b, c, h, w] for latents [b, embed_dim, h/f, w/f]."""
        raise NotImplementedError


class ConvolutionalFirstStage(FirstStageModel):
    """Encoder and decoder with their 1x1 convolutions.

    Args (names of the reference implementation):
        ddconfig: Arguments of `Encoder` and `Decoder`.
        embed_dim: Channels of the latent.
        moments: Numbers that the encoder gives for a latent value: 2 = mean and log variance.
        colorize_nlabels: Channels of a label map that `to_rgb` draws in colour; None = images.
        decoder_config: Replaces arguments of the decoder alone.
    """

    colorize: Tensor

    def __init__(
        self,
        ddconfig: Mapping[str, Any],
        embed_dim: int,
        *,
        moments: int,
        colorize_nlabels: int | None = None,
        decoder_config: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        if ddconfig.get("double_z", True) != (moments == 2):
            raise ValueError(f"double_z must be {moments == 2} for {type(self).__name__}.")
        self.encoder = Encoder(**ddconfig)
        self.decoder = Decoder(**{**ddconfig, **(decoder_config or {})})
        self.factor, self.embed_dim = self.encoder.factor, embed_dim
        z = ddconfig["z_channels"]
        self.quant_conv = nn.Conv2d(moments * z, moments * embed_dim, 1)
        self.post_quant_conv = nn.Conv2d(embed_dim, z, 1)
        if colorize_nlabels is not None:
            self.register_buffer("colorize", torch.randn(3, colorize_nlabels, 1, 1))

    def features(self, x: Tensor) -> Tensor:
        """Return what the encoder says of images [b, c, h, w]: [b, moments * embed_dim, h/f, w/f]."""
        return cast(Tensor, self.quant_conv(self.encoder(x)))

    def decode(self, z: Tensor) -> Tensor:
        """Return images [b, c, h, w] for latents [b, embed_dim, h/f, w/f]."""
        return cast(Tensor, self.decoder(self.post_quant_conv(z)))

    @torch.no_grad()
    def to_rgb(self, labels: Tensor) -> Tensor:
        """Draw label maps [b, colorize_nlabels, h, w] as pictures [b, 3, h, w] in [-1, 1]."""
        x = F.conv2d(labels, self.colorize)
        return 2 * (x - x.min()) / (x.max() - x.min()) - 1


class IdentityFirstStage(FirstStageModel):
    """No compression, f = 1: the diffusion model works on pixels (LDM-1 of the paper, section 4.1)."""

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.factor, self.embed_dim = 1, channels

    def latent(self, x: Tensor) -> Tensor:
        """Return the images themselves."""
        return x

    def decode(self, z: Tensor) -> Tensor:
        """Return the latents themselves."""
        return z
