"""Convolutional encoder and decoder shared by the KL and VQ autoencoders.

Esser et al., "Taming Transformers" (arXiv 2012.09841), appendix A, table 7, as used by Rombach et al.
(arXiv 2112.10752), section 3.1. Constructor arguments and parameter names are those of the reference.
`patch_size` is this project's addition: pixels are folded into channels before the first convolution and unfolded
after the last, which costs a small model little quality and saves the work at full resolution.
Letters: b batch, c channels, h height, w width, f downsampling factor, z latent channels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the customary name

from core.models.convolution import Conv1x1, Conv3x3, activated, laid_out, residual


def normalize(channels: int) -> nn.GroupNorm:
    """GroupNorm with the autoencoder's eps, and fewer groups where the width is not a multiple of 32."""
    groups = next(g for g in (32, 24, 16, 8, 4, 2, 1) if channels % g == 0)
    return nn.GroupNorm(groups, channels, eps=1e-6)


class ResnetBlock(nn.Module):
    """Norm, SiLU, 3x3 convolution, twice, as a residual."""

    def __init__(self, in_channels: int, out_channels: int, dropout: float) -> None:
        super().__init__()
        self.norm1 = normalize(in_channels)
        self.conv1 = Conv3x3(in_channels, out_channels)
        self.norm2 = normalize(out_channels)
        self.dropout = nn.Dropout(dropout)
        self.conv2 = Conv3x3(out_channels, out_channels)
        if in_channels != out_channels:
            self.nin_shortcut = Conv1x1(in_channels, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map [b, c, h, w] to [b, c', h, w]."""
        h = self.conv1(activated(self.norm1(x)))
        h = activated(self.norm2(h))
        h = self.conv2(self.dropout(h))
        return residual(h, self.nin_shortcut(x) if hasattr(self, "nin_shortcut") else x)


class AttnBlock(nn.Module):
    """Single-head self-attention over pixels, as a residual."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = normalize(channels)
        self.q, self.k, self.v = (Conv1x1(channels, channels) for _ in range(3))
        self.proj_out = Conv1x1(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return [b, c, h, w]."""
        h = self.norm(x).contiguous(memory_format=torch.channels_last)  # so that pixels are read as tokens
        q, k, v = (layer(h).flatten(2).transpose(1, 2)[:, None] for layer in (self.q, self.k, self.v))
        attended = F.scaled_dot_product_attention(q, k, v)[:, 0].transpose(1, 2).reshape(x.shape)
        return residual(self.proj_out(attended), x)


class LinearAttnBlock(nn.Module):
    """Single-head linear attention over pixels (Shen et al., arXiv 1812.01243); as published, not a residual."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.to_qkv = nn.Conv2d(channels, 3 * channels, 1, bias=False)
        self.to_out = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return [b, c, h, w]."""
        q, k, v = self.to_qkv(x).flatten(2).chunk(3, dim=1)
        attended = (v @ k.softmax(dim=-1).transpose(1, 2)) @ q
        return cast(Tensor, self.to_out(attended.reshape(x.shape)))


ATTENTION_KINDS: dict[str, Callable[[int], nn.Module]] = {
    "vanilla": AttnBlock,
    "vanilla-xformers": AttnBlock,  # Stable Diffusion 2's name for another kernel of the same attention
    "linear": LinearAttnBlock,
    "none": nn.Identity,
}


def _attention_kind(attn_type: str, use_linear_attn: bool) -> Callable[[int], nn.Module]:
    if use_linear_attn:
        return LinearAttnBlock
    if attn_type not in ATTENTION_KINDS:
        raise ValueError(f"attn_type must be one of {', '.join(ATTENTION_KINDS)}; got {attn_type!r}.")
    return ATTENTION_KINDS[attn_type]


class AsymmetricDownsample(nn.Module):
    """Halving by a convolution padded on the right and bottom only, as the reference does; without one, averaging."""

    def __init__(self, channels: int, with_conv: bool = True) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2) if with_conv else None

    def forward(self, x: Tensor) -> Tensor:
        """Map [b, c, h, w] to [b, c, h/2, w/2]."""
        return F.avg_pool2d(x, 2) if self.conv is None else cast(Tensor, self.conv(F.pad(x, (0, 1, 0, 1))))


class NearestUpsample(nn.Module):
    """Nearest-neighbour doubling and, unless `with_conv` is false, a convolution."""

    def __init__(self, channels: int, with_conv: bool = True) -> None:
        super().__init__()
        self.conv = Conv3x3(channels, channels) if with_conv else None

    def forward(self, x: Tensor) -> Tensor:
        """Map [b, c, h, w] to [b, c, 2h, 2w]."""
        if self.conv is None:
            return F.interpolate(x, scale_factor=2.0, mode="nearest")
        return self.conv.doubled(x)


def _level(blocks: list[nn.Module], attentions: list[nn.Module]) -> nn.Module:
    level = nn.Module()
    level.block, level.attn = nn.ModuleList(blocks), nn.ModuleList(attentions)
    return level


def _run_level(level: nn.Module, h: Tensor) -> Tensor:
    attentions = list(cast(nn.ModuleList, level.attn))
    for index, block in enumerate(cast(nn.ModuleList, level.block)):
        h = block(h)
        if attentions:
            h = attentions[index](h)
    return h


def _middle(channels: int, dropout: float, attention: Callable[[int], nn.Module]) -> nn.Module:
    mid = nn.Module()
    mid.block_1 = ResnetBlock(channels, channels, dropout)
    mid.attn_1 = attention(channels)
    mid.block_2 = ResnetBlock(channels, channels, dropout)
    return mid


def _run_middle(mid: nn.Module, h: Tensor) -> Tensor:
    for name in ("block_1", "attn_1", "block_2"):
        h = cast(nn.Module, getattr(mid, name))(h)
    return h


class Encoder(nn.Module):
    """Map images [b, 3, h, w] to features [b, z or 2z, h/f, w/f], f = patch_size * 2 ** (levels - 1).

    Args (names of the reference implementation):
        ch, ch_mult: Width of the first level, and of each level as a multiple of it.
        num_res_blocks: Residual blocks a level.
        attn_resolutions: Where there is attention: nominal sizes, counted down from `resolution`.
        attn_type: Kind of attention there and in the middle, one of `ATTENTION_KINDS`.
        use_linear_attn: Older spelling of attn_type "linear".
        resamp_with_conv: Halve by convolutions rather than by averaging.
        double_z: Give mean and log variance, 2z channels.
        out_ch, tanh_out, give_pre_end: Unused; encoder and decoder take the same arguments.
        mid_attention: False = no attention in the middle.
        patch_size: Pixels folded into channels, each way.
    """

    def __init__(
        self,
        *,
        ch: int,
        ch_mult: Sequence[int] = (1, 2, 4, 8),
        num_res_blocks: int,
        attn_resolutions: Sequence[int],
        in_channels: int,
        resolution: int,
        z_channels: int,
        out_ch: int = 3,
        dropout: float = 0.0,
        double_z: bool = True,
        attn_type: str = "vanilla",
        use_linear_attn: bool = False,
        tanh_out: bool = False,
        give_pre_end: bool = False,
        resamp_with_conv: bool = True,
        mid_attention: bool = True,
        patch_size: int = 1,
    ) -> None:
        super().__init__()
        attention = _attention_kind(attn_type, use_linear_attn)
        self.patch_size = patch_size
        self.factor = patch_size * 2 ** (len(ch_mult) - 1)
        self.conv_in = Conv3x3(in_channels * patch_size**2, ch)
        self.down = nn.ModuleList()
        channels, nominal = ch, resolution // patch_size
        for index, mult in enumerate(ch_mult):
            blocks: list[nn.Module] = []
            attentions: list[nn.Module] = []
            for _ in range(num_res_blocks):
                blocks.append(ResnetBlock(channels, ch * mult, dropout))
                channels = ch * mult
                if nominal in attn_resolutions:
                    attentions.append(attention(channels))
            level = _level(blocks, attentions)
            if index != len(ch_mult) - 1:
                level.downsample = AsymmetricDownsample(channels, resamp_with_conv)
                nominal //= 2
            self.down.append(level)
        self.mid = _middle(channels, dropout, attention if mid_attention else nn.Identity)
        self.norm_out = normalize(channels)
        self.conv_out = nn.Conv2d(channels, 2 * z_channels if double_z else z_channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Encode images [b, 3, h, w] in [-1, 1]."""
        h = self.conv_in(laid_out(F.pixel_unshuffle(x, self.patch_size) if self.patch_size > 1 else x))
        for level in self.down:
            h = _run_level(level, h)
            if hasattr(level, "downsample"):
                h = cast(nn.Module, level.downsample)(h)
        h = _run_middle(self.mid, h)
        return cast(Tensor, self.conv_out(activated(self.norm_out(h))))


class Decoder(nn.Module):
    """Map latents [b, z, h/f, w/f] to images [b, 3, h, w].

    Args (names of the reference implementation; the others as in `Encoder`):
        tanh_out: Bound the images to (-1, 1).
        give_pre_end: Give the features before the last norm and convolution instead, [b, ch * ch_mult[0], h, w].
    """

    def __init__(
        self,
        *,
        ch: int,
        out_ch: int,
        ch_mult: Sequence[int] = (1, 2, 4, 8),
        num_res_blocks: int,
        attn_resolutions: Sequence[int],
        resolution: int,
        z_channels: int,
        in_channels: int = 3,
        dropout: float = 0.0,
        double_z: bool = True,
        attn_type: str = "vanilla",
        use_linear_attn: bool = False,
        tanh_out: bool = False,
        give_pre_end: bool = False,
        resamp_with_conv: bool = True,
        mid_attention: bool = True,
        patch_size: int = 1,
    ) -> None:
        super().__init__()
        attention = _attention_kind(attn_type, use_linear_attn)
        self.patch_size, self.tanh_out, self.give_pre_end = patch_size, tanh_out, give_pre_end
        nominal = resolution // patch_size // 2 ** (len(ch_mult) - 1)
        channels = ch * ch_mult[-1]
        self.conv_in = Conv3x3(z_channels, channels)
        self.mid = _middle(channels, dropout, attention if mid_attention else nn.Identity)
        levels: list[nn.Module] = []
        for index, mult in reversed(list(enumerate(ch_mult))):
            blocks: list[nn.Module] = []
            attentions: list[nn.Module] = []
            for _ in range(num_res_blocks + 1):
                blocks.append(ResnetBlock(channels, ch * mult, dropout))
                channels = ch * mult
                if nominal in attn_resolutions:
                    attentions.append(attention(channels))
            level = _level(blocks, attentions)
            if index != 0:
                level.upsample = NearestUpsample(channels, resamp_with_conv)
                nominal *= 2
            levels.insert(0, level)
        self.up = nn.ModuleList(levels)
        self.norm_out = normalize(channels)
        self.conv_out = nn.Conv2d(channels, out_ch * patch_size**2, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        """Decode latents; the image is in [-1, 1] up to the model's error."""
        h = _run_middle(self.mid, self.conv_in(laid_out(z)))
        for level in reversed(self.up):
            h = _run_level(level, h)
            if hasattr(level, "upsample"):
                h = cast(nn.Module, level.upsample)(h)
        if self.give_pre_end:
            return h
        h = self.conv_out(activated(self.norm_out(h)))
        h = F.pixel_shuffle(h, self.patch_size) if self.patch_size > 1 else h
        return h.tanh() if self.tanh_out else h

    @property
    def last_layer(self) -> Tensor:
        """Weight of the last convolution, which balances the adversarial loss."""
        return self.conv_out.weight
