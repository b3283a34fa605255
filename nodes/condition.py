"""Nodes that turn what a person wants into conditioning."""

from __future__ import annotations

from typing import Annotated

import torch

from core.conditioning.conditioning import Conditioning
from core.conditioning.text import TextEncoder
from core.graph.node_spec import Setting, node


@node(id="loom.condition.text", title="Prompt", category="Condition")
def text_prompt(
    text_encoder: TextEncoder,
    *,
    text: Annotated[
        str,
        Setting(label="Prompt", widget="multiline", shown=True, max_length=2000, help="What the picture should show."),
    ] = "",
) -> Conditioning:
    """Encode a prompt for the denoiser.

    Each word becomes tokens that the UNet's cross-attention looks at. An empty prompt is the null condition:
    connect one to a denoiser's negative input for classifier-free guidance.
    """
    with torch.no_grad():
        return text_encoder.encode([text])
