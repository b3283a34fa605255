"""Text conditioning: WordPiece tokens and the jointly trained transformer.

Rombach et al. (arXiv 2112.10752), section 4.3.1: "BERT-tokenizer" and a transformer tau_theta, trained with the
denoiser. Beside the tokens for cross-attention, their mean over real tokens is the conditioning vector.
Letters: b batch, n tokens, d width.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from core.conditioning.conditioning import Conditioning
from core.errors import InputError
from core.models.text_transformer import BERTEmbedder

PAD, UNKNOWN, START, END = "[PAD]", "[UNK]", "[CLS]", "[SEP]"


class TextEncoder(nn.Module):
    """A tokenizer and the transformer over its tokens.

    Attributes:
        tokenizer: Gives ids with a start and an end token; id 0 is padding.
        transformer: The network, of width d; it reads up to `max_tokens`.
    """

    def __init__(self, tokenizer: Tokenizer, transformer: BERTEmbedder) -> None:
        super().__init__()
        self.tokenizer = tokenizer
        self.transformer = transformer

    @property
    def max_tokens(self) -> int:
        """The longest prompt in tokens, start and end included."""
        return self.transformer.max_seq_len

    def token_ids(self, prompts: Sequence[str]) -> Tensor:
        """Return padded ids [b, max_tokens].

        Raises:
            InputError: A prompt has more tokens than the transformer reads.
        """
        rows = torch.zeros(len(prompts), self.max_tokens, dtype=torch.long)
        for row, encoding in zip(rows, self.tokenizer.encode_batch(list(prompts)), strict=True):
            if len(encoding.ids) > self.max_tokens:
                raise InputError(
                    f"The prompt has {len(encoding.ids) - 2} tokens, more than this model reads.",
                    why=f"Its text encoder was trained on up to {self.max_tokens - 2} tokens, about as many words.",
                    fix=f"Shorten the prompt by {len(encoding.ids) - self.max_tokens} words or so.",
                    port="text",
                )
            row[: len(encoding.ids)] = torch.tensor(encoding.ids)
        return rows

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Map ids [b, n] to tokens [b, n, d] and their mean over real tokens [b, d]."""
        tokens = self.transformer(ids)
        real = (ids != 0).unsqueeze(-1).to(tokens.dtype)
        return tokens, (tokens * real).sum(1) / real.sum(1).clamp(min=1)

    def encode(self, prompts: Sequence[str]) -> Conditioning:
        """Encode prompts; the empty prompt is the null condition."""
        device = next(self.transformer.parameters()).device
        tokens, vector = self(self.token_ids(prompts).to(device))
        return Conditioning(tokens, vector, prompts[0] if len(prompts) == 1 else f"{len(prompts)} prompts")
