"""Classes as conditions."""

from __future__ import annotations

import pytest
import torch

from core.conditioning.class_label import ClassEmbedder
from core.errors import InputError


@pytest.fixture
def embedder() -> ClassEmbedder:
    torch.manual_seed(1)
    return ClassEmbedder(4, 3, names=["fox", "frog"]).requires_grad_(False)


def test_a_class_is_one_token(embedder: ClassEmbedder) -> None:
    made = embedder.encode([1, 0])
    assert made.tokens is not None
    torch.testing.assert_close(made.tokens[:, 0], embedder.embedding.weight[[1, 0]])
    assert made.summary == "frog, fox"


def test_the_last_class_means_none(embedder: ClassEmbedder) -> None:
    null, last = embedder.null(2).tokens, embedder.encode([2]).tokens
    assert null is not None
    assert last is not None
    assert torch.equal(null, last.expand(2, -1, -1))
    dropped = embedder.dropped(torch.tensor([0, 1]), torch.tensor([False, True]))
    assert dropped.tolist() == [0, 2]


@pytest.mark.parametrize(("label", "nearest"), [(3, 2), (-1, 0)])
def test_an_unknown_class_is_refused_with_the_nearest(embedder: ClassEmbedder, label: int, nearest: int) -> None:
    with pytest.raises(InputError, match=f"no class {label}") as refused:
        embedder.encode([label])
    assert str(nearest) in refused.value.fix
