"""LPIPS: the learned perceptual distance on VGG16.

Zhang et al. (arXiv 1801.03924), section 3.2, version 0.1; VGG16 is configuration D of Simonyan and Zisserman (arXiv
1409.1556), table 1. Parameter names are those of the reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from training.perceptual.feature_distance import squared_difference

# Convolution widths of each slice; a slice ends before the next one's pooling, after its last ReLU.
SLICES = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
WIDTHS = tuple(widths[-1] for widths in SLICES)
# Mean and deviation of ImageNet's colours, for images in [-1, 1].
SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)


class VGG16(nn.Module):
    """Features of pictures [b, 3, h, w] after ReLU 1_2, 2_2, 3_3, 4_3 and 5_3; h and w 16 or more."""

    def __init__(self) -> None:
        super().__init__()
        channels, index = 3, 0
        for number, widths in enumerate(SLICES, start=1):
            slice_ = nn.Sequential()
            if number > 1:
                slice_.add_module(str(index), nn.MaxPool2d(2))
                index += 1
            for width in widths:
                slice_.add_module(str(index), nn.Conv2d(channels, width, 3, padding=1))
                slice_.add_module(str(index + 1), nn.ReLU())
                channels, index = width, index + 2
            self.add_module(f"slice{number}", slice_)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return five feature maps, [b, c_i, h / 2**i, w / 2**i]."""
        features = []
        for slice_ in self.children():
            x = slice_(x)
            features.append(x)
        return features


class ScalingLayer(nn.Module):
    """Bring pictures in [-1, 1] to the mean and deviation that VGG16 was trained with."""

    shift: Tensor
    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("shift", torch.tensor(SHIFT).view(1, 3, 1, 1))
        self.register_buffer("scale", torch.tensor(SCALE).view(1, 3, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Return (x - shift) / scale, [b, 3, h, w]."""
        return (x - self.shift) / self.scale


class LinearHead(nn.Module):
    """Weighs the channels' differences; the weights are not negative."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.model = nn.Sequential(nn.Dropout(), nn.Conv2d(channels, 1, 1, bias=False))

    def forward(self, difference: Tensor) -> Tensor:
        """Map [b, c, h, w] to [b, 1, h, w]."""
        return cast(Tensor, self.model(difference))


class LPIPS(nn.Module):
    """The distance of pictures in [-1, 1], frozen and in evaluation mode: [b, 1, 1, 1], 0 = alike."""

    def __init__(self) -> None:
        super().__init__()
        self.scaling_layer = ScalingLayer()
        self.net = VGG16()
        for index, width in enumerate(WIDTHS):
            self.add_module(f"lin{index}", LinearHead(width))
        self.requires_grad_(False).eval()

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Compare pictures [b, 3, h, w]."""
        return self.compare(self.net(self.scaling_layer(a)), self.net(self.scaling_layer(b)))

    def compare(self, a: Sequence[Tensor], b: Sequence[Tensor]) -> Tensor:
        """Compare the five feature maps of two pictures, equation 1."""
        distances = []
        for index, (one, other) in enumerate(zip(a, b, strict=True)):
            weighed = self.get_submodule(f"lin{index}")(squared_difference(one, other))
            distances.append(weighed.mean(dim=(2, 3), keepdim=True))
        return torch.stack(distances).sum(dim=0)
