"""Windows of tokens and the strength of words, on an encoder with a token for each letter."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from core.conditioning.conditioning import Conditioning
from core.conditioning.prompt_encoder import PromptEncoder, weighted

START, END, PAD = 200, 201, 0


class LetterEncoder(PromptEncoder):
    """Reads windows of 8 tokens; a token's code is its only feature."""

    max_tokens = 8

    def content_ids(self, text: str) -> list[int]:
        return [ord(letter) for letter in text]

    def window(self, content: Sequence[int]) -> list[int]:
        return [START, *content, END, *[PAD] * (6 - len(content))]

    def forward(self, items: Tensor) -> Conditioning:
        return Conditioning(items[..., None].float(), items[:, 1:2].float())


def windows(prompt: str) -> list[str]:
    ids, weights = LetterEncoder().windows(prompt)
    assert ids.shape == weights.shape
    assert ids.shape[1] == 8
    return ["".join(chr(token) for token in row if token not in (START, END, PAD)) for row in ids.tolist()]


@pytest.mark.parametrize(
    ("prompt", "content"),
    [
        ("", [""]),
        ("abc def", ["abcdef"]),
        ("abc defg", ["abc", "defg"]),
        ("abcdefgh", ["abcdef", "gh"]),
        ("ab abcdefgh", ["ababcd", "efgh"]),
        ("ab BREAK c", ["ab", "c"]),
        ("BREAK ab BREAK", ["ab"]),
        ("(ab BREAK c:2)", ["ab", "c"]),
    ],
)
def test_words_stay_whole_where_they_fit_a_window(prompt: str, content: list[str]) -> None:
    assert windows(prompt) == content


def test_only_content_gets_a_strength() -> None:
    _, weights = LetterEncoder().windows("(ab:2) c")
    assert weights.tolist() == [[1, 2, 2, 1, 1, 1, 1, 1]]


def test_all_windows_follow_one_another_and_the_vector_is_the_first_ones() -> None:
    made = LetterEncoder().encode(["abcdef gh"])
    assert made.tokens is not None
    assert made.vector is not None
    assert made.tokens.shape == (1, 16, 1)
    assert made.vector.tolist() == [[ord("a")]]


def test_prompts_of_different_lengths_make_a_batch_and_the_null_condition_is_the_empty_prompt() -> None:
    encoder = LetterEncoder()
    made, null = encoder.encode(["abcdef gh", "a"]), encoder.null(2)
    assert made.tokens is not None
    assert null.tokens is not None
    assert made.tokens.shape == (2, 16, 1)
    assert made.summary == "2 prompts"
    assert null.tokens[:, :3, 0].tolist() == [[START, END, PAD]] * 2
    items = torch.tensor([encoder.window([65]), encoder.window([66])])
    dropped = encoder.dropped(items, torch.tensor([True, False]))
    assert dropped.tolist() == [encoder.window([]), encoder.window([66])]


def test_strength_changes_a_word_relative_to_others_but_not_the_mean_magnitude() -> None:
    tokens = torch.randn(2, 5, 7, generator=torch.Generator().manual_seed(3))
    weights = torch.ones(2, 5)
    weights[0, 1] = 1.5
    strong = weighted(tokens, weights)
    torch.testing.assert_close(strong[1], tokens[1])
    torch.testing.assert_close(strong.abs().mean((1, 2)), tokens.abs().mean((1, 2)))
    torch.testing.assert_close(strong[0, 1] / strong[0, 0], 1.5 * tokens[0, 1] / tokens[0, 0])


def test_no_strength_changes_nothing_and_a_strength_of_zero_is_finite() -> None:
    tokens = torch.ones(1, 5, 7)
    assert weighted(tokens, torch.ones(1, 5)) is tokens
    assert torch.equal(weighted(tokens, torch.zeros(1, 5)), torch.zeros(1, 5, 7))
