"""How much of a codebook is used: the perplexity of its entries and their number."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class CodebookUsage:
    """Use of a codebook of n entries by one batch, scalars.

    Attributes:
        perplexity: exp of the entropy of the entries' shares, 1 (one entry) to n (all alike).
        clusters: How many entries occur.
    """

    perplexity: Tensor
    clusters: Tensor


def codebook_usage(indices: Tensor, entries: int) -> CodebookUsage:
    """Measure the numbers of entries in any shape, integers in [0, entries)."""
    counts = torch.bincount(indices.flatten(), minlength=entries)
    share = counts / indices.numel()
    perplexity = (-torch.special.xlogy(share, share).sum()).exp()
    return CodebookUsage(perplexity, (counts > 0).sum())
