"""Attention layers: over pixels, and the spatial transformer that lets pixels attend to a context.

Rombach et al., "High-Resolution Image Synthesis with Latent Diffusion Models" (arXiv 2112.10752), section 3.3 and
appendix E.2.1 (softmax(Q K^T / sqrt(d)) V with Q from the image and K, V from the conditioning). Parameter names
are those of the reference implementation.
Letters: b batch, c channels, h height, w width, n pixels or tokens, m heads, d width of a head or token.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the customary name

from core.models.convolution import Conv1x1, residual
from core.models.resnet_blocks import zero_module

# Tokens to attend to [b, n', d]; several, where the blocks of a transformer have contexts of their own.
Context: TypeAlias = Tensor | Sequence[Tensor] | None


def multi_head_attention(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """Attend from [b, n, m*d] queries to [b, n', m*d] keys and values; return [b, n, m*d]."""
    b, n, width = q.shape
    q, k, v = (x.reshape(b, -1, heads, width // heads).transpose(1, 2) for x in (q, k, v))
    return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, n, width)


class AttentionBlock(nn.Module):
    """Self-attention over the pixels of [b, c, h, w], as a residual.

    `use_new_attention_order` says how the 3c channels of `qkv` are laid out: three blocks of all heads if true,
    else one block of q, k, v for each head.
    """

    def __init__(
        self, channels: int, num_heads: int = 1, num_head_channels: int = -1, use_new_attention_order: bool = False
    ) -> None:
        super().__init__()
        self.num_heads = num_heads if num_head_channels == -1 else channels // num_head_channels
        self.new_order = use_new_attention_order
        self.norm = nn.GroupNorm(32, channels)
        self.qkv = nn.Conv1d(channels, 3 * channels, 1)
        self.proj_out = zero_module(nn.Conv1d(channels, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Return [b, c, h, w]."""
        b, c, *size = x.shape
        m = self.num_heads
        qkv = self.qkv(self.norm(x.reshape(b, c, -1)))
        qkv = qkv.reshape(b, 3, m, c // m, -1) if self.new_order else qkv.reshape(b, m, 3, c // m, -1).transpose(1, 2)
        q, k, v = qkv.transpose(-1, -2).unbind(1)
        h = F.scaled_dot_product_attention(q, k, v).transpose(-1, -2).reshape(b, c, -1)
        return cast(Tensor, x + self.proj_out(h).reshape(b, c, *size))


class CrossAttention(nn.Module):
    """Attention from tokens [b, n, query_dim] to a context [b, n', context_dim], to themselves without one."""

    def __init__(
        self, query_dim: int, context_dim: int | None = None, heads: int = 8, dim_head: int = 64, dropout: float = 0.0
    ) -> None:
        super().__init__()
        inner, context_dim = heads * dim_head, context_dim or query_dim
        self.heads = heads
        self.to_q = nn.Linear(query_dim, inner, bias=False)
        self.to_k = nn.Linear(context_dim, inner, bias=False)
        self.to_v = nn.Linear(context_dim, inner, bias=False)
        self.to_out = nn.Sequential(nn.Linear(inner, query_dim), nn.Dropout(dropout))

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """Return [b, n, query_dim]."""
        context = x if context is None else context
        attended = multi_head_attention(self.to_q(x), self.to_k(context), self.to_v(context), self.heads)
        return cast(Tensor, self.to_out(attended))


class GEGLU(nn.Module):
    """Gated linear unit with GELU (Shazeer, arXiv 2002.05202, equation 6)."""

    def __init__(self, dim_in: int, dim_out: int) -> None:
        super().__init__()
        self.proj = nn.Linear(dim_in, 2 * dim_out)

    def forward(self, x: Tensor) -> Tensor:
        """Map [b, n, dim_in] to [b, n, dim_out]."""
        value, gate = self.proj(x).chunk(2, dim=-1)
        return value * F.gelu(gate) if torch.is_grad_enabled() else F.gelu(gate).mul_(value)


class FeedForward(nn.Module):
    """The transformer block's pointwise network: GEGLU to four times the width, and back."""

    def __init__(self, dim: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.net = nn.Sequential(GEGLU(dim, 4 * dim), nn.Dropout(dropout), nn.Linear(4 * dim, dim))

    def forward(self, x: Tensor) -> Tensor:
        """Return [b, n, dim]."""
        return cast(Tensor, self.net(x))


class BasicTransformerBlock(nn.Module):
    """Self-attention, attention to the context, and a feed-forward network, each a residual after LayerNorm."""

    def __init__(
        self,
        dim: int,
        heads: int,
        dim_head: int,
        dropout: float = 0.0,
        context_dim: int | None = None,
        disable_self_attn: bool = False,
    ) -> None:
        super().__init__()
        self.disable_self_attn = disable_self_attn
        self.attn1 = CrossAttention(dim, context_dim if disable_self_attn else None, heads, dim_head, dropout)
        self.ff = FeedForward(dim, dropout)
        self.attn2 = CrossAttention(dim, context_dim, heads, dim_head, dropout)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(dim), nn.LayerNorm(dim), nn.LayerNorm(dim)

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """Map tokens [b, n, dim] and context [b, n', context_dim] to [b, n, dim]."""
        x = residual(self.attn1(self.norm1(x), context if self.disable_self_attn else None), x)
        x = residual(self.attn2(self.norm2(x), context), x)
        return residual(self.ff(self.norm3(x)), x)


class SpatialTransformer(nn.Module):
    """Transformer blocks over the pixels of [b, c, h, w] as tokens, as a residual.

    `use_linear` (Stable Diffusion 2) projects tokens by Linear layers instead of 1x1 convolutions.
    """

    def __init__(
        self,
        in_channels: int,
        heads: int,
        dim_head: int,
        depth: int = 1,
        dropout: float = 0.0,
        context_dim: int | Sequence[int] | None = None,
        disable_self_attn: bool = False,
        use_linear: bool = False,
    ) -> None:
        super().__init__()
        inner = heads * dim_head
        self.use_linear = use_linear
        self.norm = nn.GroupNorm(32, in_channels, eps=1e-6)
        self.proj_in = nn.Linear(in_channels, inner) if use_linear else Conv1x1(in_channels, inner)
        widths = context_dim if isinstance(context_dim, Sequence) else [context_dim] * depth
        if len(widths) != depth:
            raise ValueError(f"context_dim must have one width for each of {depth} blocks; got {list(widths)}.")
        self.transformer_blocks = nn.ModuleList(
            BasicTransformerBlock(inner, heads, dim_head, dropout, width, disable_self_attn) for width in widths
        )
        projection = nn.Linear(inner, in_channels) if use_linear else Conv1x1(inner, in_channels)
        self.proj_out = zero_module(projection)

    def forward(self, x: Tensor, context: Context = None) -> Tensor:
        """Map features [b, c, h, w] and context [b, n', context_dim], one or one for each block, to [b, c, h, w]."""
        b, _, height, width = x.shape
        blocks = self.transformer_blocks
        contexts = [context] * len(blocks) if context is None or isinstance(context, Tensor) else context
        h = self.norm(x).contiguous(memory_format=torch.channels_last)  # else each layer copies the tokens for itself
        if not self.use_linear:
            h = self.proj_in(h)
        h = h.flatten(2).transpose(1, 2)
        if self.use_linear:
            h = self.proj_in(h)
        for block, tokens in zip(blocks, contexts, strict=True):
            h = block(h, tokens)
        if self.use_linear:
            h = self.proj_out(h)
        h = h.transpose(1, 2).reshape(b, -1, height, width)
        if not self.use_linear:
            h = self.proj_out(h)
        return residual(h, x)
