"""The patch discriminator: is this patch of the picture real, or reconstructed?

Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks" (arXiv 1611.07004), section 3.2.2, as
used by Esser et al. (arXiv 2012.09841), section 3.1; activation normalization after Kingma and Dhariwal, "Glow"
(arXiv 1807.03039), section 3.1. Constructor arguments and parameter names are those of the reference.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

MAX_MULTIPLE = 8  # of the first layer's width


class ActNorm(nn.Module):
    """A scale and a shift for each channel; the first batch in training sets them to give zero mean, unit variance."""

    initialized: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.loc = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.scale = nn.Parameter(torch.ones(1, channels, 1, 1))
        self.register_buffer("initialized", torch.tensor(0, dtype=torch.uint8))

    def forward(self, x: Tensor) -> Tensor:
        """Return scale * (x + loc), [b, c, h, w]."""
        if self.training and not self.initialized:
            self._initialize(x)
        return self.scale * (x + self.loc)

    @torch.no_grad()
    def _initialize(self, x: Tensor) -> None:
        self.loc.copy_(-x.mean(dim=(0, 2, 3), keepdim=True))
        self.scale.copy_(1 / (x.std(dim=(0, 2, 3), keepdim=True) + 1e-6))
        self.initialized.fill_(1)


class NLayerDiscriminator(nn.Module):
    """Map images [b, input_nc, h, w] to a logit for each patch, [b, 1, h', w']; three layers see 70 pixels.

    Args (names of the reference implementation):
        input_nc: Channels of the images, those of a condition included.
        ndf: Width of the first layer.
        n_layers: Layers that halve the size; 1 or more.
        use_actnorm: `ActNorm` in place of batch normalization.
    """

    def __init__(self, input_nc: int = 3, ndf: int = 64, n_layers: int = 3, use_actnorm: bool = False) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(input_nc, ndf, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        channels = ndf
        for layer in range(1, n_layers + 1):
            width = ndf * min(2**layer, MAX_MULTIPLE)
            stride = 2 if layer < n_layers else 1
            # Batch normalization subtracts any bias again.
            convolution = nn.Conv2d(channels, width, 4, stride=stride, padding=1, bias=use_actnorm)
            layers += [convolution, ActNorm(width) if use_actnorm else nn.BatchNorm2d(width), nn.LeakyReLU(0.2)]
            channels = width
        self.main = nn.Sequential(*layers, nn.Conv2d(channels, 1, 4, padding=1))

    @staticmethod
    def smallest_picture(n_layers: int) -> int:
        """Return the least width and height, in pixels, that give a patch: two layers behind the halving take two."""
        return 3 << n_layers

    def forward(self, x: Tensor) -> Tensor:
        """Return the patches' logits, higher = more real."""
        return cast(Tensor, self.main(x))


def init_weights(module: nn.Module) -> None:
    """Draw a discriminator's first weights (arXiv 1611.07004, section 6.2); for `module.apply`."""
    if isinstance(module, nn.Conv2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)
