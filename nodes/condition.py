"""Nodes that turn what a person wants into conditioning: words, classes, sizes, and mixtures of conditions."""

from __future__ import annotations

from typing import Annotated

import torch

from core.conditioning.class_label import ClassEmbedder
from core.conditioning.conditioner import Conditioner, expect
from core.conditioning.conditioning import Conditioning
from core.conditioning.prompt_encoder import PromptEncoder
from core.conditioning.sdxl import PictureSize, with_size
from core.conditioning.text import TextEncoder
from core.graph.node_spec import RunContext, Setting, node

Pixels = Setting(min=0, max=8192, unit="px")


@node(id="loom.condition.text", title="Prompt", category="Condition", version=2)
def text_prompt(
    text_encoder: Conditioner,
    *,
    text: Annotated[
        str,
        Setting(label="Prompt", widget="multiline", shown=True, max_length=5000, help="What the picture should show."),
    ] = "",
    run: RunContext,
) -> Conditioning:
    """Encode a prompt for the denoiser.

    Each word becomes tokens that the UNet's cross-attention looks at. (Brackets) strengthen words, [these] weaken
    them, (this:1.3) gives the strength; write \\( and \\) for brackets themselves. A prompt longer than the text
    encoder reads at once is read in parts; BREAK begins a new part. An empty prompt is the null condition: connect
    one to a denoiser's negative input for classifier-free guidance. A model that can be told boxes as well is told
    none, unless this is combined with a layout.
    """
    with torch.no_grad():
        encoder = expect(text_encoder, PromptEncoder, "text_encoder")  # type: ignore[type-abstract]
        if isinstance(encoder, TextEncoder) and (words := encoder.unlearnt_words(text)):
            run.note(f"Not among this model's words: {', '.join(words)}.")
        return text_encoder.telling(encoder, encoder.encode([text]))


@node(id="loom.condition.class", title="Class", category="Condition")
def class_label(
    conditioner: Conditioner,
    *,
    label: Annotated[int, Setting(min=0, max=100_000, shown=True, help="The class's number, counted from 0.")] = 0,
) -> Conditioning:
    """Choose the class of the picture, for a model that was trained with classes."""
    with torch.no_grad():
        embedder = expect(conditioner, ClassEmbedder, "conditioner")
        return conditioner.telling(embedder, embedder.encode([label]))


@node(id="loom.condition.null", title="No condition", category="Condition")
def no_condition(conditioner: Conditioner) -> Conditioning:
    """Give the null condition: no prompt, no class, no boxes.

    Connect it to a denoiser's negative input for classifier-free guidance.
    """
    with torch.no_grad():
        return conditioner.null()


@node(id="loom.condition.size", title="Picture size (SDXL)", category="Condition")
def picture_size(
    condition: Conditioning,
    *,
    width: Annotated[int, Setting(min=8, max=8192, step=8, unit="px", shown=True)] = 1024,
    height: Annotated[int, Setting(min=8, max=8192, step=8, unit="px", shown=True)] = 1024,
    original_width: Annotated[int, Setting(min=8, max=8192, unit="px", help="Small ones look blurred.")] = 1024,
    original_height: Annotated[int, Setting(min=8, max=8192, unit="px", help="Small ones look blurred.")] = 1024,
    crop_left: Annotated[int, Pixels] = 0,
    crop_top: Annotated[int, Pixels] = 0,
) -> Conditioning:
    """Tell a Stable Diffusion XL model of the picture's size.

    It was trained with each picture's original size and what was cut off at the left and top; without a cut, things
    stay in the middle. Put it between the prompt and the denoiser, also for the negative prompt.
    """
    size = PictureSize(
        original_height=original_height, original_width=original_width, crop_top=crop_top, crop_left=crop_left,
        target_height=height, target_width=width,
    )  # fmt: skip
    return with_size(condition, size)


@node(id="loom.condition.combine", title="Combine conditions", category="Condition")
def combine_conditions(first: Conditioning, second: Conditioning) -> Conditioning:
    """Let two conditions apply at once, such as a prompt and a mask for inpainting.

    Two prompts of one model follow one another: the denoiser looks at the words of both.
    """
    return first.beside(second)


@node(id="loom.condition.blend", title="Blend conditions", category="Condition")
def blend_conditions(
    first: Conditioning,
    second: Conditioning,
    *,
    share: Annotated[
        float, Setting(min=0.0, max=1.0, step=0.05, shown=True, help="0 is the first, 1 the second.")
    ] = 0.5,
) -> Conditioning:
    """Average two prompts: the picture lies somewhere between what they say."""
    return first.blended(second, share)
