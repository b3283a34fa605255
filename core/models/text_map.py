"""What the words say of places, as a map: a query for each cell of the latent attends to the prompt's tokens.

Not of the paper, whose denoiser finds places by cross-attention alone (Rombach et al., arXiv 2112.10752, section 3.3).
With little training it does not learn which of two things is on the left; a map that is laid on the latent, as the
paper does with semantic maps (section 4.3.2), tells it. After Hong et al., "Inferring Semantic Layout for Hierarchical
Text-to-Image Synthesis" (arXiv 1801.05091).
Letters: b batch, n tokens, d width of a token, c channels, h and w the map's size.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from core.models.attention import multi_head_attention

HEADS = 4


class TextMap(nn.Module):
    """Maps tokens [b, n, d] to shares from 0 to 1 [b, c, h, w].

    Args:
        width: d, a multiple of 4.
        channels: c.
        size: (h, w).
    """

    def __init__(self, width: int, channels: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.channels, self.size = channels, size
        self.queries = nn.Parameter(torch.randn(size[0] * size[1], width) * width**-0.5)
        self.to_q, self.to_k, self.to_v = (nn.Linear(width, width) for _ in range(3))
        self.out = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, channels))

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the shares, [b, c, h, w]."""
        logits: Tensor = self.logits(tokens)
        return logits.sigmoid()

    def logits(self, tokens: Tensor) -> Tensor:
        """Return what the shares are the sigmoid of, [b, c, h, w]."""
        queries = self.to_q(self.queries).expand(len(tokens), -1, -1)
        found = multi_head_attention(queries, self.to_k(tokens), self.to_v(tokens), HEADS)
        cells: Tensor = self.out(found + self.queries).transpose(1, 2)
        return cells.reshape(len(cells), self.channels, *self.size)
