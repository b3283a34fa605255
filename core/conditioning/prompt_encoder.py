"""From prompts to conditions, for any text encoder: strength of words, and prompts longer than a window.

A text encoder reads windows of n tokens (77 in Stable Diffusion): a start token, content, an end token, padding.
A longer prompt becomes several windows, each encoded by itself, whose tokens follow one another for cross-attention
(Rombach et al., arXiv 2112.10752, section 3.3, places no limit on their number). Words are never cut apart.

A strength w multiplies a word's encoded token. Each window is then rescaled so that the mean magnitude of its tokens
is what it was, as stronger words should stand out, not make the whole condition louder.
Letters: b batch, k windows, n tokens of a window, d width, e width of the vector.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

import torch
from torch import Tensor

from core.conditioning.conditioner import ItemConditioner
from core.conditioning.conditioning import Conditioning
from core.conditioning.prompt import parse_prompt


class PromptEncoder(ItemConditioner):
    """A text encoder; its items are windows of token ids, [b, n]."""

    takes = "prompts"
    has_null = True

    @property
    @abstractmethod
    def max_tokens(self) -> int:
        """n, the length of a window, start and end included."""

    @abstractmethod
    def content_ids(self, text: str) -> list[int]:
        """Return the token ids of a text, without start and end."""

    @abstractmethod
    def window(self, content: Sequence[int]) -> list[int]:
        """Return a window of `max_tokens` ids: start, the content (at most n - 2 ids), end, padding."""

    def null_items(self, items: Tensor) -> Tensor:
        """Return the window of the empty prompt, [b, n]."""
        return torch.tensor(self.window([]), device=items.device).expand(len(items), -1)

    def encode(self, prompts: Sequence[str]) -> Conditioning:
        """Encode prompts in the notation of `core.conditioning.prompt`; the empty prompt is the null condition.

        Prompts of several windows have k * n tokens; vector and map are those of the first window.
        """
        made = reduce(Conditioning.joined, [self._encode_one(prompt) for prompt in prompts])
        summary = prompts[0] if len(prompts) == 1 else f"{len(prompts)} prompts"
        return replace(made, summary=summary)

    def null(self, count: int = 1) -> Conditioning:
        """Return the null condition, a batch of `count`."""
        return self.encode([""]).repeated(count)

    def windows(self, prompt: str) -> tuple[Tensor, Tensor]:
        """Return token ids [k, n] and their strengths [k, n]."""
        room = self.max_tokens - 2
        filled: list[list[tuple[int, float]]] = [[]]
        for span in parse_prompt(prompt):
            if span.new_window and filled[-1]:
                filled.append([])
            for word in span.text.split():
                ids = self.content_ids(word)
                if len(filled[-1]) + len(ids) > room and len(ids) <= room and filled[-1]:
                    filled.append([])
                for token in ids:  # a single word that is longer than a window has to be cut
                    if len(filled[-1]) == room:
                        filled.append([])
                    filled[-1].append((token, span.weight))
        windows = [self.window([token for token, _ in content]) for content in filled]
        weights = [[1.0, *(w for _, w in content), *[1.0] * (self.max_tokens - 1 - len(content))] for content in filled]
        return torch.tensor(windows), torch.tensor(weights)

    def _encode_one(self, prompt: str) -> Conditioning:
        ids, weights = self.windows(prompt)
        made: Conditioning = self(ids.to(self.device))
        tokens = None if made.tokens is None else weighted(made.tokens, weights.to(self.device)).flatten(0, 1)[None]
        vector, concat = (None if part is None else part[:1] for part in (made.vector, made.concat))
        return replace(made, tokens=tokens, vector=vector, concat=concat)


def weighted(tokens: Tensor, weights: Tensor) -> Tensor:
    """Multiply tokens [k, n, d] by strengths [k, n], and restore each window's mean magnitude."""
    if bool((weights == 1).all()):
        return tokens
    stronger = tokens * weights[..., None].to(tokens.dtype)
    before, after = (values.abs().mean((1, 2), keepdim=True) for values in (tokens, stronger))
    return stronger * torch.where(after > 0, before / after, 1.0)
