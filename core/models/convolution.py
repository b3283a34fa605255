"""Convolutions that take a shorter way on a processor in float32; parameters and results are `nn.Conv2d`'s.

Where no gradient is wanted, few positions take oneDNN's kernel or, before a wide layer, are gathered for one matrix
product, which reads the weight once as it lies; many, and doubled pictures, are filtered by `core.models.winograd`.
In training, a doubled picture's convolution is a transposed one of the picture. Everything else is torch's own.
Letters: b batch, c channels in, o channels out, h height, w width.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the customary name

from core.models.winograd import convolve3x3

# Measured with one thread. At few positions torch spends longer on rearranging a wide layer's weight than on the
# products, and the weight of a narrow one in channels-last memory ...
FEW_POSITIONS, WIDE_WEIGHT = 300, 512 * 512
# (oneDNN's rearranged copy of a wider one, for each position, would be the most memory that a small network takes)
COPIED_WEIGHT = 1024
# ... while filtering pays where the products outweigh what filtering reads and writes ...
MANY_VALUES, WIDE = 2**18, 128
# ... and sooner in a doubled picture, of whose products it leaves a quarter.
DOUBLED_POSITIONS, DOUBLED_VALUES, DOUBLED_WIDE = 64, 2**13, 64
# A transposed convolution leaves 4 of 9, and keeps kernels of 16 values for 9 until the backward pass: for that, there
# are to be two positions for each channel out.
TRANSPOSED_POSITIONS, TRANSPOSED_SHARE = 256, 2
# Which of a kernel's three rows each of the transposed one's four adds up.
_TRANSPOSED = ((0.0, 0.0, 1.0), (0.0, 1.0, 1.0), (1.0, 1.0, 0.0), (1.0, 0.0, 0.0))


class Conv3x3(nn.Conv2d):
    """3x3 convolution with padding 1 and stride 1."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map [b, c, h, w] to [b, o, h, w]."""
        b, _, h, w = x.shape
        if not _short_way(x, self.weight):
            return super().forward(x)
        if b * h * w <= FEW_POSITIONS:
            if self.in_channels * self.out_channels >= WIDE_WEIGHT:
                return self._gathered(x)
            return self._by_onednn(x.contiguous())
        narrower = min(self.in_channels, self.out_channels)
        if narrower >= WIDE and b * h * w * narrower >= MANY_VALUES and not (h % 2 or w % 2):
            return convolve3x3(x, self.weight, self.bias)
        return super().forward(x)

    def doubled(self, x: Tensor) -> Tensor:
        """Double [b, c, h, w] to the nearest neighbour and convolve: [b, o, 2h, 2w]."""
        b, _, h, w = x.shape
        # A hook expects to see what this layer convolves.
        hooked = self._forward_hooks or self._forward_pre_hooks
        if not hooked and _short_way(x, self.weight) and self._filtering_pays_doubled(b * h * w):
            return convolve3x3(x, self.weight, self.bias, doubled=True)
        if not hooked and _plain(x, self.weight) and self._transposing_pays(b * h * w):
            return F.conv_transpose2d(x, transposed_kernels(self.weight), self.bias, stride=2, padding=1)
        return cast(Tensor, self(F.interpolate(x, scale_factor=2.0, mode="nearest")))

    def _filtering_pays_doubled(self, positions: int) -> bool:
        narrower = min(self.in_channels, self.out_channels)
        enough = positions >= DOUBLED_POSITIONS and positions * narrower >= DOUBLED_VALUES
        return enough and narrower >= DOUBLED_WIDE

    def _transposing_pays(self, positions: int) -> bool:
        return positions >= max(TRANSPOSED_POSITIONS, TRANSPOSED_SHARE * self.out_channels)

    def _by_onednn(self, x: Tensor) -> Tensor:
        """Convolve by the kernel that torch leaves aside for a single small picture on one thread."""
        b, _, h, w = x.shape
        copied = self.in_channels * self.out_channels <= COPIED_WEIGHT * b * h * w
        if not (copied and x.numel() and torch.backends.mkldnn.is_available()):
            return super().forward(x)
        return torch.mkldnn_convolution(x, self.weight, self.bias, (1, 1), (1, 1), (1, 1), 1)

    def _gathered(self, x: Tensor) -> Tensor:
        """Convolve as the product of the weight [o, 9c] and the neighbourhoods [9c, b*h*w]."""
        b, _, h, w = x.shape
        columns = F.unfold(x, 3, padding=1).transpose(0, 1).flatten(1)
        y = self.weight.flatten(1) @ columns
        if self.bias is not None:
            y += self.bias[:, None]
        return y.view(-1, b, h, w).transpose(0, 1)


class Conv1x1(nn.Conv2d):
    """1x1 convolution: in channels-last memory one linear layer, without a copy."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map [b, c, h, w] to [b, o, h, w]."""
        if x.is_contiguous(memory_format=torch.channels_last):
            return F.linear(x.permute(0, 2, 3, 1), self.weight.flatten(1), self.bias).permute(0, 3, 1, 2)
        return super().forward(x)


def transposed_kernels(weight: Tensor) -> Tensor:
    """Return kernels [c, o, 4, 4] whose transposed convolution (stride 2, padding 1) doubles, then convolves.

    `weight` is [o, c, 3, 3]. Doubling is a transposed convolution by 2x2 ones; this is what both come to.
    """
    o, c = weight.shape[:2]
    g = weight.new_tensor(_TRANSPOSED)
    return (weight.reshape(o * c, 9) @ torch.kron(g, g).T).view(o, c, 4, 4).transpose(0, 1)


def _short_way(x: Tensor, weight: Tensor) -> bool:
    """Say whether the ways without gradients may be taken."""
    return not torch.is_grad_enabled() and _plain(x, weight)


def _plain(x: Tensor, weight: Tensor) -> bool:
    """Say whether torch computes as the limits above were measured: on a processor, in float32, not compiled."""
    return (
        x.device.type == "cpu"
        and x.dtype == weight.dtype == torch.float32
        and not torch.is_autocast_enabled("cpu")
        and not torch.compiler.is_compiling()
    )


def laid_out(x: Tensor) -> Tensor:
    """Return [b, c, h, w] in the memory that suits: channels last where no gradient is wanted.

    Attention reads pixels as tokens, and the short ways read channels together; neither copies then.
    """
    return x if torch.is_grad_enabled() else x.contiguous(memory_format=torch.channels_last)


def activated(x: Tensor) -> Tensor:
    """SiLU of a tensor of any shape that the caller alone holds: in place where no gradient is wanted."""
    return F.silu(x, inplace=not torch.is_grad_enabled())


def residual(h: Tensor, x: Tensor) -> Tensor:
    """Return h + x, of the shape of h; overwrites h, which the caller alone holds, where no gradient is wanted.

    A new sum lies in memory as its first term does, so x, which the branch began from, decides for what follows.
    """
    return x + h if torch.is_grad_enabled() else h.add_(x)
