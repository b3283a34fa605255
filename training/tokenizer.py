"""The vocabulary of the text encoder: WordPiece, learned from captions, the same for the same captions.

The trainer of the tokenizers library numbers the pieces inside words in the order of a hash table with a random seed,
so that each process would get other ids, and a resumed run weights that belong to other words. Naming these pieces
beforehand fixes their numbers, and with them which of two equally frequent pairs is merged first.
"""

from __future__ import annotations

from collections.abc import Sequence

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from core.conditioning.text import END, PAD, START, UNKNOWN

SPECIAL = (PAD, UNKNOWN, START, END)
INSIDE = "##"  # begins a piece that goes on with a word


def train_tokenizer(captions: Sequence[str], vocab_size: int = 1000) -> Tokenizer:
    """Learn a lower-case WordPiece tokenizer of at most `vocab_size` pieces, unless there are more letters.

    Prompts are put between `START` and `END`; `PAD` has id 0.
    """
    normalizer = normalizers.BertNormalizer(lowercase=True)
    letters = sorted({letter for text in set(captions) for letter in normalizer.normalize_str(text)} - {" "})
    named = [*SPECIAL, *letters, *(INSIDE + letter for letter in letters)]
    learning = _tokenizer(models.WordPiece(unk_token=UNKNOWN), normalizer)
    trainer = trainers.WordPieceTrainer(vocab_size=vocab_size, special_tokens=named, show_progress=False)
    learning.train_from_iterator(captions, trainer)
    # A tokenizer of its own, as in the trained one letters would count as special and be cut out of words.
    vocabulary = learning.get_vocab()
    tokenizer = _tokenizer(models.WordPiece(vocab=vocabulary, unk_token=UNKNOWN), normalizer)
    tokenizer.add_special_tokens(list(SPECIAL))
    tokenizer.decoder = decoders.WordPiece(prefix=INSIDE)
    ids = [(token, vocabulary[token]) for token in (START, END)]
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{START} $A {END}", special_tokens=ids)
    return tokenizer


def _tokenizer(model: models.WordPiece, normalizer: normalizers.BertNormalizer) -> Tokenizer:
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer
