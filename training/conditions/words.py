"""Conditions from words: captions, and the names of classes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from core.conditioning.build import build_item_conditioner
from core.conditioning.class_label import ClassEmbedder
from core.conditioning.conditioner import ItemConditioner
from core.conditioning.prompt_encoder import PromptEncoder
from core.conditioning.text import TextEncoder
from core.errors import InputError
from core.models.text_transformer import BERTEmbedder
from training.conditions.batch import Batch
from training.conditions.condition import Condition
from training.conditions.config import ClassConfig, TextConfig
from training.data.training_set import TrainingSet
from training.tokenizer import train_tokenizer


class TextCondition(Condition):
    """Captions, read by a text encoder."""

    def __init__(self, encoder: PromptEncoder, data: TrainingSet) -> None:
        super().__init__(encoder)
        self._encoder = encoder
        words = list(dict.fromkeys(data.captions))
        self._ids = dict(zip(words, self.windows(words), strict=True))

    def items(self, batch: Batch) -> Tensor:
        """Return token ids, [b, n]; what is too long for a text encoder of another's making is cut off."""
        return torch.stack([self._known(caption) for caption in batch.captions])

    def _known(self, caption: str) -> Tensor:
        return self._ids[caption] if caption in self._ids else self.windows([caption])[0]

    def windows(self, captions: Sequence[str]) -> Tensor:
        """Return a window of token ids for each caption, [b, n]."""
        encoder = self._encoder
        if isinstance(encoder, TextEncoder):
            return encoder.token_ids(captions)
        room = encoder.max_tokens - 2
        return torch.tensor([encoder.window(encoder.content_ids(caption)[:room]) for caption in captions])


def text_condition(config: TextConfig, data: TrainingSet) -> TextCondition:
    """Return a fresh text encoder with a vocabulary learned from the data's captions.

    Raises:
        InputError: A caption is longer than the encoder reads.
    """
    tokenizer = train_tokenizer(data.captions)
    network = BERTEmbedder(config.n_embed, config.n_layer, tokenizer.get_vocab_size(), config.max_seq_len)
    return TextCondition(TextEncoder(tokenizer, network), data)


class ClassCondition(Condition):
    """The classes of pictures; `names` are those that the embedder knows, in their order."""

    def __init__(self, embedder: ItemConditioner, names: Sequence[str]) -> None:
        super().__init__(embedder)
        self._numbers = {name: number for number, name in enumerate(names)}

    def items(self, batch: Batch) -> Tensor:
        """Return the number of each picture's class, [b]."""
        return torch.tensor([self._number(record.name, record.class_name) for record in batch.records])

    def _number(self, picture: str, name: str) -> int:
        if name in self._numbers:
            return self._numbers[name]
        raise InputError(
            f"{picture} is of the class {name!r}, which is not learned." if name else f"{picture} has no class.",
            why=f"The classes are {', '.join(list(self._numbers)[:20]) or 'none'}.",
            fix="Give every picture a class in metadata.jsonl, or choose another kind of condition.",
        )


def class_condition(config: ClassConfig, data: TrainingSet) -> ClassCondition:
    """Return a fresh embedding of the data's classes, and of one more that means none."""
    names = sorted({record.class_name for record in data.source.records} - {""})
    arguments = {"embed_dim": config.n_embed, "n_classes": len(names) + 1, "names": names}
    return ClassCondition(build_item_conditioner("class", arguments), names)


def known_classes(embedder: ClassEmbedder) -> Sequence[str]:
    """Return the names of an embedder's classes; their numbers where it has no names."""
    return embedder.names or [str(number) for number in range(embedder.n_classes)]
