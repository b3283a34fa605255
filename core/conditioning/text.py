"""Text conditioning: WordPiece tokens and the jointly trained transformer.

Rombach et al. (arXiv 2112.10752), section 4.3.1: "BERT-tokenizer" and a transformer tau_theta, trained with the
denoiser. Beside the tokens for cross-attention, their mean over real tokens is the conditioning vector.
Letters: b batch, n tokens, d width.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from tokenizers import Tokenizer
from torch import Tensor

from core.conditioning.conditioning import Conditioning
from core.conditioning.prompt import parse_prompt
from core.conditioning.prompt_encoder import PromptEncoder
from core.errors import InputError
from core.models.text_map import TextMap
from core.models.text_transformer import BERTEmbedder

PAD, UNKNOWN, START, END = "[PAD]", "[UNK]", "[CLS]", "[SEP]"
CONTINUED = "##"  # before a piece that is not the first of its word
CAPTION_VOCABULARY = 10_000
"""Up to so many tokens, a vocabulary is taken for the words of the training captions; BERT's has 30,522."""


class TextEncoder(PromptEncoder):
    """A tokenizer and the transformer over its tokens.

    Attributes:
        tokenizer: Gives ids with a start and an end token; id 0 is padding.
        transformer: The network, of width d; it reads up to `max_tokens`.
        pooled: Whether conditions have the mean of the tokens as their vector; published models have none.
        map: Lays what the words say of places on the latent; None = they are tokens alone, as in the paper.
    """

    def __init__(
        self, tokenizer: Tokenizer, transformer: BERTEmbedder, *, pooled: bool = True, map: TextMap | None = None
    ) -> None:
        super().__init__()
        self.pooled = pooled
        self.tokenizer = tokenizer
        self.transformer = transformer
        self.map = map

    @property
    def max_tokens(self) -> int:
        """The longest window in tokens, start and end included."""
        return self.transformer.max_seq_len

    def content_ids(self, text: str) -> list[int]:
        """Return the token ids of a text, without start and end."""
        return list(self.tokenizer.encode(text, add_special_tokens=False).ids)

    def unlearnt_words(self, prompt: str) -> list[str]:
        """Return the words of a prompt that are not in the vocabulary, each once.

        The tokenizer spells such a word by pieces (Wu et al., arXiv 1609.08144, section 4.1). A small vocabulary
        holds the very words of the training captions, so pieces mean a word that the model never met; a large one
        is meant to spell rare words, and gives none here.
        """
        if self.tokenizer.get_vocab_size() > CAPTION_VOCABULARY:
            return []
        text = "".join(span.text for span in parse_prompt(prompt))
        encoding = self.tokenizer.encode(text, add_special_tokens=False)
        unknown: dict[str, None] = {}
        for word, piece in zip(encoding.word_ids, encoding.tokens, strict=True):
            place = None if word is None else encoding.word_to_chars(word)
            if place is not None and (piece == UNKNOWN or piece.startswith(CONTINUED)):
                unknown[text[slice(*place)].lower()] = None
        return [word for word in unknown if any(map(str.isalnum, word))]

    def window(self, content: Sequence[int]) -> list[int]:
        """Return start, content, end, and zeros, `max_tokens` ids in all."""
        start, end = (self.tokenizer.token_to_id(token) for token in (START, END))
        assert start is not None, "the tokenizer has no start token"
        assert end is not None, "the tokenizer has no end token"
        return [start, *content, end, *[0] * (self.max_tokens - 2 - len(content))]

    def token_ids(self, prompts: Sequence[str]) -> Tensor:
        """Return a window of ids for each plain prompt, [b, max_tokens], as training reads captions.

        Raises:
            InputError: A prompt has more tokens than the transformer reads.
        """
        rows = []
        for prompt in prompts:
            content = self.content_ids(prompt)
            if len(content) > self.max_tokens - 2:
                raise InputError(
                    f"The prompt has {len(content)} tokens, more than this model reads.",
                    why=f"Its text encoder was trained on up to {self.max_tokens - 2} tokens, about as many words.",
                    fix=f"Shorten the prompt by {len(content) + 2 - self.max_tokens} words or so.",
                    port="text",
                )
            rows.append(self.window(content))
        return torch.tensor(rows)

    def forward(self, items: Tensor) -> Conditioning:
        """Map ids [b, n] to tokens [b, n, d], if pooled their mean over real tokens [b, d], and their map if any."""
        tokens = self.transformer(items)
        concat = None if self.map is None else self.map(tokens)
        vector = None
        if self.pooled:
            real = (items != 0).unsqueeze(-1).to(tokens.dtype)
            vector = (tokens * real).sum(1) / real.sum(1).clamp(min=1)
        return Conditioning(tokens, vector, concat=concat, stretches=True)
