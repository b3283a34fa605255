"""The text transformer beyond its golden fixture."""

from __future__ import annotations

import torch

from core.models.text_transformer import BERTEmbedder


def test_the_order_of_words_matters() -> None:
    model = BERTEmbedder(16, 1, vocab_size=10, max_seq_len=6).eval()
    with torch.no_grad():
        one, other = model(torch.tensor([[1, 2, 3], [2, 1, 3]]))
    assert not torch.allclose(one[2], other[2], atol=1e-6)


def test_embeddings_are_normalized() -> None:
    model = BERTEmbedder(16, 2, vocab_size=10, max_seq_len=6).eval()
    with torch.no_grad():
        embedded = model(torch.tensor([[1, 2, 3, 4]]))
    torch.testing.assert_close(embedded.mean(-1), torch.zeros(1, 4), atol=1e-5, rtol=0)
    torch.testing.assert_close(embedded.var(-1, unbiased=False), torch.ones(1, 4), atol=1e-2, rtol=0)
