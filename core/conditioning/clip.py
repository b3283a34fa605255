"""Text conditioning by a frozen CLIP text encoder, as in Stable Diffusion 1 and 2.

Rombach et al. (arXiv 2112.10752), section 3.3, with tau_theta fixed. Stable Diffusion 1 uses the last layer of
OpenAI's ViT-L, Stable Diffusion 2 the last but one of OpenCLIP's ViT-H, with the final norm; "clip skip 2" is that.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from torch import Tensor

from core.conditioning.clip_tokenizer import ClipTokenizer
from core.conditioning.conditioning import Conditioning
from core.conditioning.prompt_encoder import PromptEncoder
from core.models.clip_text import ClipTextTransformer


class Layer(StrEnum):
    """Which tokens become the condition."""

    LAST = "last"  # of the last layer, with the final norm
    PENULTIMATE = "penultimate"  # of the last layer but one, with the final norm
    HIDDEN = "hidden"  # of the layer `layer_idx`, without a norm; 0 = before the first layer, negative = from the end
    POOLED = "pooled"  # the end token of the last layer alone


class ClipTextEncoder(PromptEncoder):
    """CLIP's tokenizer and text transformer.

    Attributes:
        transformer: The network.
        layer, layer_idx: Which tokens become the condition.
        pad: Id that fills up a window: the end token in Stable Diffusion 1, 0 in Stable Diffusion 2.
        tokenizer: Gives the ids.
    """

    def __init__(
        self,
        transformer: ClipTextTransformer,
        layer: str = Layer.LAST,
        layer_idx: int | None = None,
        *,
        pad: int = 49407,
        tokenizer: ClipTokenizer | None = None,
    ) -> None:
        super().__init__()
        if layer == Layer.HIDDEN and (layer_idx is None or abs(layer_idx) > transformer.config.num_hidden_layers):
            depth = transformer.config.num_hidden_layers
            raise ValueError(f"layer_idx must be in [-{depth}, {depth}] for hidden layers; got {layer_idx}.")
        self.transformer, self.layer, self.layer_idx, self.pad = transformer, Layer(layer), layer_idx, pad
        self.tokenizer = tokenizer or ClipTokenizer()

    @property
    def max_tokens(self) -> int:
        """The length of a window, 77 in all published models."""
        return self.transformer.config.max_position_embeddings

    def content_ids(self, text: str) -> list[int]:
        """Return the token ids of a text, without start and end."""
        return self.tokenizer.encode(text)

    def window(self, content: Sequence[int]) -> list[int]:
        """Return start, content, end and padding, `max_tokens` ids in all."""
        filling = [self.pad] * (self.max_tokens - 2 - len(content))
        return [self.tokenizer.start, *content, self.tokenizer.end, *filling]

    def forward(self, items: Tensor) -> Conditioning:
        """Map ids [b, n] to tokens [b, n, d], or [b, 1, d] if pooled."""
        made = self.transformer(items)
        if self.layer is Layer.LAST:
            return Conditioning(made.last)
        if self.layer is Layer.PENULTIMATE:
            return Conditioning(self.transformer.final_norm(made.hidden[-2]))
        if self.layer is Layer.POOLED:
            return Conditioning(made.pooled[:, None])
        assert self.layer_idx is not None
        return Conditioning(made.hidden[self.layer_idx])
