"""The transformer text encoder that is trained jointly with the denoiser.

Rombach et al. (arXiv 2112.10752), section 4.3.1 and appendix E.2.1 (pre-norm layers of attention and MLP over
token and position embeddings). Parameter names are those of the reference's BERTEmbedder.
Letters: b batch, n tokens, d width.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from core.models.attention import multi_head_attention

HEADS, HEAD_WIDTH = 8, 64  # fixed in the reference


class _SelfAttention(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        inner = HEADS * HEAD_WIDTH
        self.to_q, self.to_k, self.to_v = (nn.Linear(dim, inner, bias=False) for _ in range(3))
        self.to_out = nn.Linear(inner, dim)

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.to_out(multi_head_attention(self.to_q(x), self.to_k(x), self.to_v(x), HEADS)))


class _FeedForward(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU()), nn.Dropout(0.0), nn.Linear(4 * dim, dim)
        )

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.net(x))


class _AttentionLayers(nn.Module):
    def __init__(self, dim: int, depth: int) -> None:
        super().__init__()
        layers = [
            nn.ModuleList([nn.LayerNorm(dim), part(dim)])
            for _ in range(depth)
            for part in (_SelfAttention, _FeedForward)
        ]
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            norm, part = cast(nn.ModuleList, layer)
            x = x + part(norm(x))
        return x


class _PositionEmbedding(nn.Module):
    def __init__(self, dim: int, max_seq_len: int) -> None:
        super().__init__()
        self.emb = nn.Embedding(max_seq_len, dim)
        nn.init.normal_(self.emb.weight, std=0.02)


class TokenTransformer(nn.Module):
    """Token and position embeddings, attention layers, and a final norm."""

    def __init__(self, dim: int, depth: int, vocab_size: int, max_seq_len: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.token_emb = nn.Embedding(vocab_size, dim)
        nn.init.normal_(self.token_emb.weight, std=0.02)
        self.pos_emb = _PositionEmbedding(dim, max_seq_len)
        self.emb_dropout = nn.Dropout(dropout)
        self.attn_layers = _AttentionLayers(dim, depth)
        self.norm = nn.LayerNorm(dim)
        # Unused when conditioning, but part of every published checkpoint.
        self.to_logits = nn.Linear(dim, vocab_size)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map token ids [b, n], n <= max_seq_len, to embeddings [b, n, d]."""
        positions = torch.arange(tokens.shape[1], device=tokens.device)
        x = self.emb_dropout(self.token_emb(tokens) + self.pos_emb.emb(positions)[None])
        return cast(Tensor, self.norm(self.attn_layers(x)))


class BERTEmbedder(nn.Module):
    """Text encoder over token ids.

    Args (names of the reference implementation):
        n_embed: Width d of the embeddings.
        n_layer: Layers of attention and MLP.
        vocab_size: Number of token ids.
        max_seq_len: Longest token sequence.
        embedding_dropout: Share of the embeddings' values that training sets to zero, 0 to 1.
    """

    def __init__(
        self,
        n_embed: int,
        n_layer: int,
        vocab_size: int = 30522,
        max_seq_len: int = 77,
        embedding_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.n_embed, self.vocab_size, self.max_seq_len = n_embed, vocab_size, max_seq_len
        self.transformer = TokenTransformer(n_embed, n_layer, vocab_size, max_seq_len, embedding_dropout)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map token ids [b, n] to embeddings [b, n, n_embed]."""
        return cast(Tensor, self.transformer(tokens))
