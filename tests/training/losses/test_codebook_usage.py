"""Codebook usage: its extremes."""

from __future__ import annotations

import pytest
import torch

from training.losses.codebook_usage import codebook_usage


def test_entries_used_alike_have_their_number_as_perplexity() -> None:
    usage = codebook_usage(torch.arange(8).repeat(3).view(2, 3, 4) % 4, 16)
    assert float(usage.perplexity) == pytest.approx(4)
    assert int(usage.clusters) == 4


def test_a_single_entry_has_perplexity_1() -> None:
    usage = codebook_usage(torch.full((5,), 2), 3)
    assert float(usage.perplexity) == pytest.approx(1)
    assert int(usage.clusters) == 1
