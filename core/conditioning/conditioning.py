"""What a denoiser is conditioned on, whatever it came from.

Rombach et al. (arXiv 2112.10752), section 3.3: tokens for cross-attention; a vector that joins the time embedding
("label_emb" in the reference's terms).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Conditioning:
    """A batch of conditions.

    Attributes:
        tokens: For cross-attention, [b, n, d], or None.
        vector: Added to the time embedding, [b, e], or None.
        summary: A few words for people, such as the prompt.
    """

    tokens: Tensor | None = None
    vector: Tensor | None = None
    summary: str = ""

    def joined(self, other: Conditioning) -> Conditioning:
        """Return a batch of this one's conditions followed by the other's."""
        return Conditioning(_cat(self.tokens, other.tokens), _cat(self.vector, other.vector), self.summary)

    def repeated(self, count: int) -> Conditioning:
        """Return this single condition as a batch of `count`."""
        tokens = None if self.tokens is None else self.tokens.expand(count, -1, -1)
        return Conditioning(tokens, None if self.vector is None else self.vector.expand(count, -1), self.summary)

    def to(self, device: torch.device) -> Conditioning:
        """Return the same conditions on `device`."""
        tokens = None if self.tokens is None else self.tokens.to(device)
        return Conditioning(tokens, None if self.vector is None else self.vector.to(device), self.summary)


def _cat(a: Tensor | None, b: Tensor | None) -> Tensor | None:
    if (a is None) != (b is None):
        raise ValueError("Conditions of different kinds cannot be joined: one has what the other lacks.")
    return None if a is None or b is None else torch.cat([a, b])
