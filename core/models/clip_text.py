"""CLIP's text transformer, whatever checkpoint it comes from.

Radford et al. (arXiv 2103.00020), section 2.4: a causal transformer with pre-norm layers, whose token of the highest
id, the end token, stands for the whole text. The network is the transformers library's; parameter names are those of
Stable Diffusion 1 checkpoints, and OpenCLIP's are renamed to them when they are loaded.
Letters: b batch, n tokens, d width, p width of the projection, l layers.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from transformers import CLIPTextModel


@dataclass(frozen=True, kw_only=True)
class ClipTextConfig:
    """Sizes of a text transformer, under the names of transformers; the defaults are Stable Diffusion 1's (ViT-L).

    Attributes:
        vocab_size: Number of token ids; the highest is the end token.
        hidden_size: d.
        intermediate_size: Width inside the MLPs.
        num_hidden_layers: l.
        num_attention_heads: Heads; they divide d.
        max_position_embeddings: Longest window n.
        hidden_act: "quick_gelu" in OpenAI's models, "gelu" in OpenCLIP's.
        layer_norm_eps: Added to variances.
        projection_dim: p, if the model has a projection of the pooled token; None = it has none.
    """

    vocab_size: int = 49408
    hidden_size: int = 768
    intermediate_size: int = 3072
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    max_position_embeddings: int = 77
    hidden_act: str = "quick_gelu"
    layer_norm_eps: float = 1e-5
    projection_dim: int | None = None


OPENCLIP_H = ClipTextConfig(
    hidden_size=1024, intermediate_size=4096, num_hidden_layers=24, num_attention_heads=16, hidden_act="gelu",
    projection_dim=1024,
)  # fmt: skip
"""Stable Diffusion 2's."""

OPENCLIP_BIG_G = ClipTextConfig(
    hidden_size=1280, intermediate_size=5120, num_hidden_layers=32, num_attention_heads=20, hidden_act="gelu",
    projection_dim=1280,
)  # fmt: skip
"""Stable Diffusion XL's second one."""


@dataclass(frozen=True)
class ClipTextOutput:
    """What the transformer makes of a text.

    Attributes:
        hidden: The tokens before the first layer and after each, without a norm, l + 1 of [b, n, d].
        last: The tokens after the last layer and the final norm, [b, n, d].
        pooled: The end token of `last`, [b, d].
        projected: `pooled` in the space that CLIP shares with pictures, [b, p]; None without a projection.
    """

    hidden: tuple[Tensor, ...]
    last: Tensor
    pooled: Tensor
    projected: Tensor | None


class ClipTextTransformer(nn.Module):
    """The network; see `ClipTextOutput` for what it gives."""

    def __init__(self, config: ClipTextConfig) -> None:
        super().__init__()
        self.config = config
        self.text_model = _text_model(config)
        p = config.projection_dim
        self.text_projection = None if p is None else nn.Linear(config.hidden_size, p, bias=False)

    def forward(self, ids: Tensor) -> ClipTextOutput:
        """Encode windows of token ids [b, n]."""
        made = self.text_model(input_ids=ids, output_hidden_states=True)
        last = made.last_hidden_state
        pooled = last[torch.arange(len(ids), device=ids.device), ids.argmax(-1)]
        projected = None if self.text_projection is None else self.text_projection(pooled)
        return ClipTextOutput(tuple(made.hidden_states), last, pooled, projected)

    def final_norm(self, tokens: Tensor) -> Tensor:
        """Apply the final norm to the tokens of an earlier layer, [b, n, d]."""
        normed: Tensor = self.text_model.final_layer_norm(tokens)
        return normed


def _text_model(config: ClipTextConfig) -> CLIPTextModel:
    from transformers import CLIPTextConfig, CLIPTextModel  # takes seconds to import

    sizes = {name: value for name, value in asdict(config).items() if name != "projection_dim"}
    end = config.vocab_size - 1
    model = CLIPTextModel(CLIPTextConfig(**sizes, eos_token_id=end, bos_token_id=end - 1, pad_token_id=end))
    # A buffer that no checkpoint fills: it must hold its numbers even where the weights are not allocated yet.
    positions = torch.arange(config.max_position_embeddings, device="cpu")[None]
    model.embeddings.register_buffer("position_ids", positions, persistent=False)
    return model.eval()
