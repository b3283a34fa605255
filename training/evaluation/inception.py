"""Inception v3 up to its pooled features, as the network that FID is defined by computes them.

Szegedy et al. (arXiv 1512.00567), figures 5 to 7 and table 1; Heusel et al. (arXiv 1706.08500) took its last pooling.
That network's port from TensorFlow averages without the padding, takes the maximum instead of the average in the last
block, and has batch norms with epsilon 1e-3. Parameter names are those of torchvision and of the published port.
Letters: b batch, c channels, h height, w width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the customary name

SIDE = 299
Kernel = int | tuple[int, int]


class ConvNorm(nn.Module):
    """Convolution, batch norm, ReLU; padded so that odd kernels with stride 1 keep the size."""

    def __init__(self, c_in: int, c_out: int, kernel: Kernel = 1, stride: int = 1, *, padded: bool = True) -> None:
        super().__init__()
        sides = (kernel, kernel) if isinstance(kernel, int) else kernel
        padding = (sides[0] // 2, sides[1] // 2) if padded else (0, 0)
        self.conv = nn.Conv2d(c_in, c_out, sides, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(c_out, eps=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        """Map [b, c, h, w] to [b, c', h', w']."""
        return F.relu(self.bn(self.conv(x)))


def average(x: Tensor) -> Tensor:
    """Average 3 x 3 neighbours, at the edges only those that are there."""
    return F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)


class BlockA(nn.Module):
    """1 x 1, 5 x 5 and two 3 x 3 beside an average: figure 5."""

    def __init__(self, c_in: int, pooled: int) -> None:
        super().__init__()
        self.branch1x1 = ConvNorm(c_in, 64)
        self.branch5x5_1, self.branch5x5_2 = ConvNorm(c_in, 48), ConvNorm(48, 64, 5)
        self.branch3x3dbl_1, self.branch3x3dbl_2 = ConvNorm(c_in, 64), ConvNorm(64, 96, 3)
        self.branch3x3dbl_3 = ConvNorm(96, 96, 3)
        self.branch_pool = ConvNorm(c_in, pooled)

    def forward(self, x: Tensor) -> Tensor:
        """Map [b, c, h, w] to [b, 224 + pooled, h, w]."""
        triple = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        five = self.branch5x5_2(self.branch5x5_1(x))
        return torch.cat([self.branch1x1(x), five, triple, self.branch_pool(average(x))], dim=1)


class BlockB(nn.Module):
    """Halve 35 x 35 to 17 x 17."""

    def __init__(self, c_in: int) -> None:
        super().__init__()
        self.branch3x3 = ConvNorm(c_in, 384, 3, 2, padded=False)
        self.branch3x3dbl_1, self.branch3x3dbl_2 = ConvNorm(c_in, 64), ConvNorm(64, 96, 3)
        self.branch3x3dbl_3 = ConvNorm(96, 96, 3, 2, padded=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map [b, c, 35, 35] to [b, 480 + c, 17, 17]."""
        double = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return torch.cat([self.branch3x3(x), double, F.max_pool2d(x, 3, stride=2)], dim=1)


class BlockC(nn.Module):
    """Factorized 7 x 7: figure 6."""

    def __init__(self, width: int) -> None:
        super().__init__()
        row, column = (1, 7), (7, 1)
        self.branch1x1, self.branch_pool = ConvNorm(768, 192), ConvNorm(768, 192)
        self.branch7x7_1, self.branch7x7_2 = ConvNorm(768, width), ConvNorm(width, width, row)
        self.branch7x7_3 = ConvNorm(width, 192, column)
        self.branch7x7dbl_1, self.branch7x7dbl_2 = ConvNorm(768, width), ConvNorm(width, width, column)
        self.branch7x7dbl_3, self.branch7x7dbl_4 = ConvNorm(width, width, row), ConvNorm(width, width, column)
        self.branch7x7dbl_5 = ConvNorm(width, 192, row)

    def forward(self, x: Tensor) -> Tensor:
        """Map [b, 768, h, w] to the same shape."""
        seven = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x)))
        double = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(x)))
        double = self.branch7x7dbl_5(self.branch7x7dbl_4(double))
        return torch.cat([self.branch1x1(x), seven, double, self.branch_pool(average(x))], dim=1)


class BlockD(nn.Module):
    """Halve 17 x 17 to 8 x 8."""

    def __init__(self) -> None:
        super().__init__()
        self.branch3x3_1, self.branch3x3_2 = ConvNorm(768, 192), ConvNorm(192, 320, 3, 2, padded=False)
        self.branch7x7x3_1, self.branch7x7x3_2 = ConvNorm(768, 192), ConvNorm(192, 192, (1, 7))
        self.branch7x7x3_3, self.branch7x7x3_4 = ConvNorm(192, 192, (7, 1)), ConvNorm(192, 192, 3, 2, padded=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map [b, 768, 17, 17] to [b, 1280, 8, 8]."""
        seven = self.branch7x7x3_4(self.branch7x7x3_3(self.branch7x7x3_2(self.branch7x7x3_1(x))))
        return torch.cat([self.branch3x3_2(self.branch3x3_1(x)), seven, F.max_pool2d(x, 3, stride=2)], dim=1)


class BlockE(nn.Module):
    """Branches that fork: figure 7; `maximum` pools by it instead of by the average."""

    def __init__(self, c_in: int, *, maximum: bool) -> None:
        super().__init__()
        self._maximum = maximum
        self.branch1x1, self.branch_pool = ConvNorm(c_in, 320), ConvNorm(c_in, 192)
        self.branch3x3_1 = ConvNorm(c_in, 384)
        self.branch3x3_2a, self.branch3x3_2b = ConvNorm(384, 384, (1, 3)), ConvNorm(384, 384, (3, 1))
        self.branch3x3dbl_1, self.branch3x3dbl_2 = ConvNorm(c_in, 448), ConvNorm(448, 384, 3)
        self.branch3x3dbl_3a, self.branch3x3dbl_3b = ConvNorm(384, 384, (1, 3)), ConvNorm(384, 384, (3, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Map [b, c, h, w] to [b, 2048, h, w]."""
        one = self.branch3x3_1(x)
        two = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        pooled = F.max_pool2d(x, 3, stride=1, padding=1) if self._maximum else average(x)
        forks = [self.branch3x3_2a(one), self.branch3x3_2b(one), self.branch3x3dbl_3a(two), self.branch3x3dbl_3b(two)]
        return torch.cat([self.branch1x1(x), *forks, self.branch_pool(pooled)], dim=1)


class InceptionFeatures(nn.Module):
    """Pictures [b, 3, h, w] in [-1, 1] of any size to features [b, 2048]."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = ConvNorm(3, 32, 3, 2, padded=False)
        self.Conv2d_2a_3x3 = ConvNorm(32, 32, 3, padded=False)
        self.Conv2d_2b_3x3 = ConvNorm(32, 64, 3)
        self.Conv2d_3b_1x1 = ConvNorm(64, 80)
        self.Conv2d_4a_3x3 = ConvNorm(80, 192, 3, padded=False)
        self.Mixed_5b, self.Mixed_5c, self.Mixed_5d = BlockA(192, 32), BlockA(256, 64), BlockA(288, 64)
        self.Mixed_6a, self.Mixed_6b = BlockB(288), BlockC(128)
        self.Mixed_6c, self.Mixed_6d, self.Mixed_6e = BlockC(160), BlockC(160), BlockC(192)
        self.Mixed_7a = BlockD()
        self.Mixed_7b, self.Mixed_7c = BlockE(1280, maximum=False), BlockE(2048, maximum=True)

    def forward(self, images: Tensor) -> Tensor:
        """Scale to 299 x 299 bilinearly, as that network's evaluation does, and pool the last features."""
        x = F.interpolate(images, (SIDE, SIDE), mode="bilinear", align_corners=False)
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(F.max_pool2d(x, 3, stride=2)))
        x = F.max_pool2d(x, 3, stride=2)
        for block in (self.Mixed_5b, self.Mixed_5c, self.Mixed_5d, self.Mixed_6a, self.Mixed_6b, self.Mixed_6c,
                      self.Mixed_6d, self.Mixed_6e, self.Mixed_7a, self.Mixed_7b, self.Mixed_7c):  # fmt: skip
            x = block(x)
        return x.mean(dim=(2, 3))
