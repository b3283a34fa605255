"""Learning a vocabulary: the same in every process, sensible words, ids that the text encoder relies on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from core.conditioning.text import PAD
from training.tokenizer import train_tokenizer

CAPTIONS = ["a fox on a meadow", "two frogs, on the beach", "a foxglove in snow", "the umbrella's star!"]
ROOT = Path(__file__).parents[2]


def test_every_process_learns_the_same_vocabulary() -> None:
    code = f"from training.tokenizer import train_tokenizer; print(train_tokenizer({CAPTIONS!r}).to_str())"
    printed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True).stdout
    assert printed.decode().strip() == train_tokenizer(CAPTIONS).to_str()


def test_the_order_of_captions_does_not_matter() -> None:
    assert train_tokenizer(CAPTIONS[::-1]).to_str() == train_tokenizer(CAPTIONS).to_str()


def test_padding_is_0_and_the_empty_prompt_is_start_and_end() -> None:
    tokenizer = train_tokenizer(CAPTIONS)
    assert tokenizer.token_to_id(PAD) == 0
    assert tokenizer.encode("").tokens == ["[CLS]", "[SEP]"]


@pytest.mark.parametrize(
    ("prompt", "tokens"),
    [
        ("a Fox on the MEADOW", ["a", "fox", "on", "the", "meadow"]),
        ("foxes", ["fox", "##e", "##s"]),
        ("fox, frogs", ["fox", ",", "frogs"]),
        ("fox 7", ["fox", "[UNK]"]),
    ],
)
def test_known_words_are_whole_and_others_are_spelt(prompt: str, tokens: list[str]) -> None:
    assert train_tokenizer(CAPTIONS).encode(prompt).tokens[1:-1] == tokens


def test_the_vocabulary_keeps_to_its_size_unless_there_are_more_letters() -> None:
    assert train_tokenizer(CAPTIONS, 60).get_vocab_size() == 60
    assert len(set(train_tokenizer(CAPTIONS, 5).get_vocab())) < 60
