"""The UNet's three parts: down, middle and up, with what stands at each level.

Dhariwal and Nichol (arXiv 2105.05233), section 3; Rombach et al. (arXiv 2112.10752), appendix E.2.1.
Letters: b batch, c channels, h height, w width, n tokens, d width of a token, e width of the time embedding.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from core.models.attention import AttentionBlock, Context, SpatialTransformer
from core.models.resnet_blocks import Downsample, TimeResBlock, Upsample


class EmbedSequential(nn.ModuleList):
    """Layers in a row; each gets the time embedding or the context if it is of a kind that takes it."""

    def forward(self, x: Tensor, emb: Tensor, context: Context = None, size: tuple[int, ...] | None = None) -> Tensor:
        """Map features [b, c, h, w] to [b, c', h', w']; what upsamples gives `size`, if that is not None."""
        for layer in self:
            if isinstance(layer, TimeResBlock):
                x = layer(x, emb, size)
            elif isinstance(layer, Upsample):
                x = layer(x, size)
            elif isinstance(layer, SpatialTransformer):
                x = layer(x, context)
            else:
                x = layer(x)
        return x


@dataclass(frozen=True, kw_only=True)
class UNetLayers:
    """Makes the layers of a `UNetModel`; the options are that class's, with these instead of two of them.

    Attributes:
        emb_dim: e.
        widths: Channels of each level, finest first.
        blocks: Residual blocks of each level.
        transformer_depth: Transformer blocks of each level; the middle has the last one's.
    """

    emb_dim: int
    dropout: float
    widths: tuple[int, ...]
    blocks: tuple[int, ...]
    attention_resolutions: tuple[int, ...]
    num_attention_blocks: tuple[int, ...] | None
    num_heads: int
    num_heads_upsample: int
    num_head_channels: int
    use_spatial_transformer: bool
    transformer_depth: tuple[int, ...]
    context_dim: int | tuple[int, ...] | None
    legacy: bool
    disable_self_attentions: tuple[bool, ...]
    use_linear_in_transformer: bool
    use_new_attention_order: bool
    use_scale_shift_norm: bool
    resblock_updown: bool
    conv_resample: bool

    def down_path(self, first: nn.Conv2d) -> tuple[nn.ModuleList, list[int]]:
        """Return the blocks from fine to coarse, and the channels that each leaves for the skip connections."""
        channels = first.out_channels
        path, stored = [EmbedSequential([first])], [channels]
        for level, width in enumerate(self.widths):
            for index in range(self.blocks[level]):
                layers: list[nn.Module] = [self._res_block(channels, width)]
                channels = width
                if self._attends(level, index):
                    layers.append(self._attention(level, self.num_heads, self.disable_self_attentions[level]))
                path.append(EmbedSequential(layers))
                stored.append(width)
            if level != len(self.widths) - 1:
                path.append(EmbedSequential([self._downsample(width)]))
                stored.append(width)
        return nn.ModuleList(path), stored

    def middle(self, disable_self_attention: bool) -> EmbedSequential:
        """Return the coarsest block."""
        width = self.widths[-1]
        attention = self._attention(-1, self.num_heads, disable_self_attention)
        return EmbedSequential([self._res_block(width, width), attention, self._res_block(width, width)])

    def up_path(self, stored: list[int]) -> nn.ModuleList:
        """Return the blocks from coarse to fine; each also reads what the down path left last."""
        path, skips, channels = [], list(stored), self.widths[-1]
        for level in reversed(range(len(self.widths))):
            width = self.widths[level]
            for index in range(self.blocks[level] + 1):
                layers: list[nn.Module] = [self._res_block(channels + skips.pop(), width)]
                channels = width
                if self._attends(level, index):
                    layers.append(self._attention(level, self.num_heads_upsample, self.disable_self_attentions[level]))
                if level and index == self.blocks[level]:
                    layers.append(self._upsample(width))
                path.append(EmbedSequential(layers))
        return nn.ModuleList(path)

    def _attends(self, level: int, index: int) -> bool:
        here = 2**level in self.attention_resolutions
        return here and (self.num_attention_blocks is None or index < self.num_attention_blocks[level])

    def _res_block(self, channels: int, out: int, *, up: bool = False, down: bool = False) -> TimeResBlock:
        return TimeResBlock(
            channels, self.emb_dim, self.dropout, out, use_scale_shift_norm=self.use_scale_shift_norm, up=up, down=down
        )

    def _downsample(self, width: int) -> nn.Module:
        return (
            self._res_block(width, width, down=True) if self.resblock_updown else Downsample(width, self.conv_resample)
        )

    def _upsample(self, width: int) -> nn.Module:
        return self._res_block(width, width, up=True) if self.resblock_updown else Upsample(width, self.conv_resample)

    def _attention(self, level: int, heads: int, disable_self_attention: bool) -> nn.Module:
        channels = self.widths[level]
        by_width = self.num_head_channels != -1
        heads = channels // self.num_head_channels if by_width else heads
        if not self.use_spatial_transformer:
            return AttentionBlock(channels, heads, self.num_head_channels, self.use_new_attention_order)
        dim_head = self.num_head_channels if by_width and not self.legacy else channels // heads
        return SpatialTransformer(
            channels,
            heads,
            dim_head,
            self.transformer_depth[level],
            0.0,
            self.context_dim,
            disable_self_attention,
            self.use_linear_in_transformer,
        )
