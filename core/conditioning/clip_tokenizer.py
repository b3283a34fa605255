"""CLIP's tokenizer: byte pairs within lower-case words.

Radford et al. (arXiv 2103.00020), section 2.4; byte-pair encoding after Sennrich et al. (arXiv 1508.07909). The
vocabulary is 256 bytes, the same at the end of a word, one token for each merge, and the start and end token.
"""

from __future__ import annotations

import gzip
import html
import re
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

VOCABULARY = Path(__file__).parents[2] / "resources" / "tokenizers" / "clip" / "bpe_simple_vocab_16e6.txt.gz"
START, END = "<|startoftext|>", "<|endoftext|>"
MERGES = 49152 - 256 - 2  # of those that the file lists; the size was chosen when CLIP was trained
WORD_END = "</w>"
# Contractions, runs of letters, single digits, and runs of other signs.
WORDS = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


class ClipTokenizer:
    """Splits text into CLIP's tokens.

    Attributes:
        start, end: Ids of the tokens that frame a prompt, 49406 and 49407.
    """

    def __init__(self, vocabulary: Path = VOCABULARY) -> None:
        self._vocabulary = vocabulary
        self.start, self.end = 49406, 49407

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text, without start and end."""
        return list(self._tokenizer.encode(clean(text), add_special_tokens=False).ids)

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        return _load(self._vocabulary)


def clean(text: str) -> str:
    """Mend damaged characters and HTML entities, make all spaces single, and lower-case."""
    import ftfy  # only a prompt needs it

    mended = html.unescape(html.unescape(ftfy.fix_text(text)))
    return re.sub(r"\s+", " ", mended).strip().lower()


@lru_cache(maxsize=2)
def _load(path: Path) -> Tokenizer:
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers  # slow to import

    lines = gzip.decompress(path.read_bytes()).decode("utf-8").splitlines()[1 : MERGES + 1]
    merges = [(left, right) for left, right in (line.split() for line in lines)]
    letters = byte_letters()
    tokens = [*letters, *(letter + WORD_END for letter in letters), *(left + right for left, right in merges)]
    vocabulary = {token: index for index, token in enumerate([*tokens, START, END])}
    model = models.BPE(vocabulary, merges, end_of_word_suffix=WORD_END, unk_token=END)
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.add_special_tokens([START, END])
    return tokenizer


def byte_letters() -> list[str]:
    """Return a printable letter for each byte, in the vocabulary's order: printable bytes first.

    Bytes that are no visible Latin-1 sign get the letters from U+0100 on, in their order.
    """
    visible = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [byte for byte in range(256) if byte not in visible]
    return [*map(chr, visible), *(chr(256 + index) for index in range(len(hidden)))]
