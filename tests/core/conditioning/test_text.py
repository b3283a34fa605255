"""Prompts to tokens and embeddings."""

from __future__ import annotations

import pytest
import torch

from core.conditioning.text import TextEncoder
from core.errors import InputError
from core.models.text_map import TextMap
from core.models.text_transformer import BERTEmbedder
from training.tokenizer import train_tokenizer

CAPTIONS = ["a red fox on a meadow", "two frogs left of a house", "three foxes in the snow"]


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    """A small text encoder with random weights that reads 12 tokens."""
    tokenizer = train_tokenizer(CAPTIONS)
    torch.manual_seed(1)
    return TextEncoder(tokenizer, BERTEmbedder(16, 1, tokenizer.get_vocab_size(), 12)).eval()


def test_ids_are_framed_and_padded(encoder: TextEncoder) -> None:
    ids = encoder.token_ids(["a red fox", ""])
    start, end = (encoder.tokenizer.token_to_id(token) for token in ("[CLS]", "[SEP]"))
    assert ids.shape == (2, 12)
    assert int(ids[0, 0]) == start
    assert ids[1].tolist() == [start, end, *[0] * 10]


def test_case_does_not_matter(encoder: TextEncoder) -> None:
    lower, upper = encoder.token_ids(["a red fox", "A Red FOX"])
    assert torch.equal(lower, upper)


def test_a_prompt_of_the_full_length_is_read_and_a_longer_one_refused(encoder: TextEncoder) -> None:
    encoder.token_ids(["fox " * 10])
    with pytest.raises(InputError, match="11 tokens") as caught:
        encoder.token_ids(["fox " * 11])
    assert "up to 10 tokens" in caught.value.why
    assert "by 1" in caught.value.fix
    assert caught.value.port == "text"


def test_a_longer_prompt_is_read_in_windows(encoder: TextEncoder) -> None:
    with torch.no_grad():
        long, first, second = (encoder.encode(["fox " * count]).tokens for count in (15, 10, 5))
    assert long is not None
    assert first is not None
    assert second is not None
    torch.testing.assert_close(long, torch.cat([first, second], dim=1))


def test_the_vector_is_the_mean_over_real_tokens(encoder: TextEncoder) -> None:
    with torch.no_grad():
        encoded = encoder.encode(["a red fox"])
    assert encoded.tokens is not None
    assert encoded.vector is not None
    real = int((encoder.token_ids(["a red fox"]) != 0).sum())
    torch.testing.assert_close(encoded.vector[0], encoded.tokens[0, :real].mean(0))


@pytest.mark.parametrize(("prompts", "summary"), [(["a fox"], "a fox"), (["a fox", ""], "2 prompts")])
def test_a_condition_sums_itself_up(encoder: TextEncoder, prompts: list[str], summary: str) -> None:
    assert encoder.encode(prompts).summary == summary


def test_a_tokenizer_is_the_same_for_the_same_captions() -> None:
    assert train_tokenizer(CAPTIONS).to_str() == train_tokenizer(CAPTIONS).to_str()


def test_a_map_of_the_first_window_comes_beside_the_tokens(encoder: TextEncoder) -> None:
    mapped = TextEncoder(encoder.tokenizer, encoder.transformer, map=TextMap(16, 3, (4, 4))).eval()
    short, long = mapped.encode(["a red fox"]), mapped.encode(["a red fox BREAK two frogs"])
    assert short.concat is not None
    assert long.concat is not None
    assert short.concat.shape == (1, 3, 4, 4)
    assert short.stretches
    torch.testing.assert_close(long.concat, short.concat)
    assert encoder.encode(["a red fox"]).concat is None
