"""BERT's tokenizer: lower-case word pieces.

Devlin et al. (arXiv 1810.04805), section 3, with the vocabulary of bert-base-uncased; the text-to-image model of
Rombach et al. (arXiv 2112.10752) reads prompts with it.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

VOCABULARY = Path(__file__).parents[2] / "resources" / "tokenizers" / "bert" / "vocab.txt"


@lru_cache(maxsize=1)
def bert_tokenizer() -> Tokenizer:
    """Return the tokenizer; [PAD] is 0, [UNK] 100, [CLS] 101, [SEP] 102."""
    from tokenizers import BertWordPieceTokenizer, Tokenizer  # slow to import

    made = BertWordPieceTokenizer(str(VOCABULARY), lowercase=True)
    return Tokenizer.from_str(made.to_str())
