"""Residual blocks of the UNet, with the time embedding added or applied as scale and shift.

Dhariwal and Nichol, "Diffusion Models Beat GANs" (arXiv 2105.05233), section 3 and appendix A. Parameter names
are those of the latent diffusion reference implementation.
Letters: b batch, c channels, h height, w width, e width of the time embedding.
"""

from __future__ import annotations

from typing import TypeVar, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the customary name

from core.models.convolution import Conv1x1, Conv3x3, activated, residual

M = TypeVar("M", bound=nn.Module)


def zero_module(module: M) -> M:
    """Set every parameter of `module` to zero, so that a residual branch starts as the identity."""
    for parameter in module.parameters():
        nn.init.zeros_(parameter)
    return module


class Upsample(nn.Module):
    """Nearest-neighbour doubling of [b, c, h, w], followed by a 3x3 convolution if `use_conv`."""

    def __init__(self, channels: int, use_conv: bool, out_channels: int | None = None) -> None:
        super().__init__()
        self.conv = Conv3x3(channels, out_channels or channels) if use_conv else None

    def forward(self, x: Tensor, size: tuple[int, ...] | None = None) -> Tensor:
        """Return [b, c', 2h, 2w], or of height and width `size`, an odd one before it was halved."""
        doubled = (2 * x.shape[2], 2 * x.shape[3])
        if self.conv is not None and size in (None, doubled):
            return self.conv.doubled(x)
        x = F.interpolate(x, size=size or doubled, mode="nearest")
        return x if self.conv is None else cast(Tensor, self.conv(x))


class Downsample(nn.Module):
    """Halving of [b, c, h, w] by a strided 3x3 convolution, or by averaging if not `use_conv`."""

    def __init__(self, channels: int, use_conv: bool, out_channels: int | None = None) -> None:
        super().__init__()
        self.op: nn.Module
        if use_conv:
            self.op = nn.Conv2d(channels, out_channels or channels, 3, stride=2, padding=1)
        else:
            self.op = nn.AvgPool2d(2)

    def forward(self, x: Tensor) -> Tensor:
        """Return [b, c', h/2, w/2]."""
        return cast(Tensor, self.op(x))


class TimeResBlock(nn.Module):
    """GroupNorm, SiLU, convolution, twice, with the time embedding between; optionally up- or downsampling."""

    def __init__(
        self,
        channels: int,
        emb_channels: int,
        dropout: float,
        out_channels: int | None = None,
        *,
        use_scale_shift_norm: bool = False,
        up: bool = False,
        down: bool = False,
    ) -> None:
        super().__init__()
        out_channels = out_channels or channels
        self.use_scale_shift_norm = use_scale_shift_norm
        self.in_layers = nn.Sequential(nn.GroupNorm(32, channels), nn.SiLU(), Conv3x3(channels, out_channels))
        self.resample: Upsample | Downsample | None = None
        if up or down:
            self.resample = Upsample(channels, use_conv=False) if up else Downsample(channels, use_conv=False)
        emb_out = 2 * out_channels if use_scale_shift_norm else out_channels
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(emb_channels, emb_out))
        self.out_layers = nn.Sequential(
            nn.GroupNorm(32, out_channels),
            nn.SiLU(),
            nn.Dropout(dropout),
            zero_module(Conv3x3(out_channels, out_channels)),
        )
        self.skip_connection = nn.Identity() if out_channels == channels else Conv1x1(channels, out_channels)

    def forward(self, x: Tensor, emb: Tensor, size: tuple[int, ...] | None = None) -> Tensor:
        """Map features [b, c, h, w] and time embedding [b, e] to [b, c', h', w']; upsampling gives `size`, if set."""
        norm, _, conv = self.in_layers
        h = activated(norm(x))
        if isinstance(self.resample, Upsample):
            h, x = self.resample(h, size), self.resample(x, size)
        elif self.resample is not None:
            h, x = self.resample(h), self.resample(x)
        h = conv(h)
        e = self.emb_layers(emb).to(h.dtype)[:, :, None, None]
        norm, _, dropout, conv = self.out_layers
        if self.use_scale_shift_norm:
            scale, shift = torch.chunk(e, 2, dim=1)
            h = torch.addcmul(shift, norm(h), 1 + scale)
        else:
            h = norm(residual(h, e))
        return residual(conv(dropout(activated(h))), self.skip_connection(x))
