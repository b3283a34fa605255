"""A perceptual distance on the features of EfficientNet-Lite0, whose weights are small and free.

Tan and Le, "EfficientNet" (arXiv 1905.11946), table 1, in its Lite form (no squeeze and excitation, ReLU6); inverted
residuals after Sandler et al. (arXiv 1801.04381), figure 4. Distance after Zhang et al. (arXiv 1801.03924), section
3.2, without learned weights: 1 minus the cosine, averaged over layers. Parameter names are those of the published file.
Letters: b batch, c channels, h height, w width.
"""

from __future__ import annotations

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the customary name

from training.perceptual.feature_distance import cosine_distance

STEM = 32
# Training subtracted 127 from colours in 0 to 255 and divided by 128.
OFFSET, SPREAD = 127.0, 128.0


class Stage(NamedTuple):
    """Blocks of one width: how many, kernel size, stride of the first, expansion, output channels."""

    blocks: int
    kernel: int
    stride: int
    expansion: int
    channels: int


# Up to a sixteenth of the size; what follows sees 64-pixel pictures as 2 x 2 cells.
STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
)
COMPARED = (0, 2, 4, 10)  # the last blocks at half, quarter, eighth and sixteenth of the size


class SamePadding(nn.Conv2d):
    """A convolution that gives ceil(size / stride) cells, padded on the right and bottom first, as TensorFlow does."""

    def forward(self, x: Tensor) -> Tensor:
        """Map [b, c, h, w] to [b, c', h / stride, w / stride]."""
        pads: list[int] = []
        for size, kernel, stride in zip(x.shape[-2:], self.kernel_size, self.stride, strict=True):
            need = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            pads = [need // 2, need - need // 2, *pads]
        return super().forward(F.pad(x, pads))


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3)


class InvertedResidual(nn.Module):
    """Widen, convolve each channel, narrow; added to its input where the shapes agree."""

    def __init__(self, channels: int, kernel: int, stride: int, expansion: int, out_channels: int) -> None:
        super().__init__()
        width = channels * expansion
        if expansion > 1:
            self._expand_conv = nn.Conv2d(channels, width, 1, bias=False)
            self._bn0 = _norm(width)
        self._depthwise_conv = SamePadding(width, width, kernel, stride, groups=width, bias=False)
        self._bn1 = _norm(width)
        self._project_conv = nn.Conv2d(width, out_channels, 1, bias=False)
        self._bn2 = _norm(out_channels)
        self._residual = stride == 1 and channels == out_channels

    def forward(self, x: Tensor) -> Tensor:
        """Map [b, c, h, w] to [b, c', h / stride, w / stride]."""
        h = F.relu6(self._bn0(self._expand_conv(x))) if hasattr(self, "_expand_conv") else x
        h = self._bn2(self._project_conv(F.relu6(self._bn1(self._depthwise_conv(h)))))
        return cast(Tensor, h + x if self._residual else h)


class EfficientNetDistance(nn.Module):
    """Compare pictures [b, 3, h, w] in [-1, 1]: [b, 1, 1, 1] in [0, 2], 0 = alike."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = SamePadding(3, STEM, 3, 2, bias=False)
        self._bn0 = _norm(STEM)
        blocks, channels = [], STEM
        for stage in STAGES:
            for index in range(stage.blocks):
                stride = stage.stride if index == 0 else 1
                blocks.append(InvertedResidual(channels, stage.kernel, stride, stage.expansion, stage.channels))
                channels = stage.channels
        self._blocks = nn.ModuleList(blocks)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the mean over the compared layers of the features' cosine distance."""
        pairs = zip(self.features(a), self.features(b), strict=True)
        return torch.stack([cosine_distance(one, other) for one, other in pairs]).mean(dim=0)

    def features(self, images: Tensor) -> list[Tensor]:
        """Return the features of the compared blocks, [b, c_i, h_i, w_i]."""
        h = ((images + 1) * 127.5 - OFFSET) / SPREAD
        h = F.relu6(self._bn0(self._conv_stem(h)))
        found = []
        for index, block in enumerate(self._blocks):
            h = block(h)
            if index in COMPARED:
                found.append(h)
        return found
