"""Stable Diffusion XL's conditioning: two text encoders, a pooled vector, and sizes.

Podell et al. (arXiv 2307.01952), section 2.1 (the last but one layers of CLIP ViT-L and OpenCLIP ViT-bigG, laid side
by side; the pooled text joins the time embedding) and section 2.2 (original size, crop and, in section 2.3, target
size join it too, each number in a sinusoidal embedding of 256).
Letters: b batch, n tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace

import torch
from torch import Tensor

from core.conditioning.clip_tokenizer import ClipTokenizer
from core.conditioning.conditioning import Conditioning
from core.conditioning.prompt_encoder import PromptEncoder
from core.errors import InputError
from core.models.clip_text import ClipTextTransformer
from core.models.timestep_embedding import timestep_embedding

NUMBER_WIDTH = 256


@dataclass(frozen=True, kw_only=True)
class PictureSize:
    """What the model is told of a picture's origin, in pixels.

    Attributes:
        original_height, original_width: Before it was scaled for training; small ones look blurred.
        crop_top, crop_left: What was cut off above and at the left; 0 keeps things in the middle.
        target_height, target_width: The size of the picture to make.
    """

    original_height: int
    original_width: int
    crop_top: int = 0
    crop_left: int = 0
    target_height: int
    target_width: int

    def embedding(self) -> Tensor:
        """Return [1, 6 * 256]."""
        numbers = torch.tensor(astuple(self), dtype=torch.float32)
        return timestep_embedding(numbers, NUMBER_WIDTH).reshape(1, -1)


def with_size(condition: Conditioning, size: PictureSize) -> Conditioning:
    """Append the sizes to the pooled text: vectors [b, p] become [b, p + 1536], 2816 wide in SDXL base.

    Raises:
        InputError: The condition has no pooled text.
    """
    if condition.vector is None or not condition.vector.is_floating_point():
        raise InputError(
            "Sizes cannot be added to this condition.",
            why="It has no pooled text, which only the text encoders of Stable Diffusion XL give.",
            fix="Connect a prompt of a Stable Diffusion XL model.", port="condition",
        )  # fmt: skip
    sizes = size.embedding().to(condition.vector).expand(len(condition.vector), -1)
    return replace(condition, vector=torch.cat([condition.vector, sizes], dim=1))


class SdxlTextEncoder(PromptEncoder):
    """Both text encoders on the same prompt.

    Attributes:
        first: CLIP ViT-L, 768 wide; its windows are filled up with the end token.
        second: OpenCLIP ViT-bigG, 1280 wide, with a projection; its windows are filled up with 0.
    """

    def __init__(self, first: ClipTextTransformer, second: ClipTextTransformer) -> None:
        super().__init__()
        if second.config.projection_dim is None:
            raise ValueError("The second text encoder must have a projection; its projection_dim is None.")
        self.first, self.second, self.tokenizer = first, second, ClipTokenizer()

    @property
    def max_tokens(self) -> int:
        """The length of a window, 77."""
        return self.first.config.max_position_embeddings

    def content_ids(self, text: str) -> list[int]:
        """Return the token ids of a text, without start and end."""
        return self.tokenizer.encode(text)

    def window(self, content: Sequence[int]) -> list[int]:
        """Return start, content, and end tokens up to `max_tokens` ids."""
        return [self.tokenizer.start, *content, *[self.tokenizer.end] * (self.max_tokens - 1 - len(content))]

    def forward(self, items: Tensor) -> Conditioning:
        """Map ids [b, n] to tokens [b, n, 768 + 1280] and pooled, projected text [b, 1280]."""
        ended = (items == self.tokenizer.end).cumsum(1)
        second = self.second(torch.where(ended > 1, 0, items))
        tokens = torch.cat([self.first(items).hidden[-2], second.hidden[-2]], dim=2)
        return Conditioning(tokens, second.projected)
