"""Nodes for conditions that have a place in the picture: boxes, masks, semantic maps, low-resolution pictures."""

from __future__ import annotations

from typing import Annotated

import torch

from core.conditioning.conditioner import Conditioner, expect
from core.conditioning.conditioning import Conditioning
from core.conditioning.inpainting import Convention, Inpainting
from core.conditioning.layout import Layout, parse_layout
from core.conditioning.layout_encoder import LayoutEncoder
from core.conditioning.noisy_low_resolution import ImageConcatWithNoiseAugmentation
from core.conditioning.spatial import LowResolution, SpatialRescaler
from core.diffusion.latent_diffusion import Autoencoder
from core.graph.node_spec import Setting, node
from core.imaging.image import Image
from core.imaging.mask import Mask, mask_of
from core.imaging.semantic_map import SemanticMap, semantic_map_of
from nodes.sample import Seed


@node(id="loom.layout.boxes", title="Boxes", category="Condition")
def boxes(
    *,
    boxes: Annotated[
        str,
        Setting(widget="multiline", shown=True, max_length=20000, help="A line each: class, left, top, width, height."),
    ] = "",
) -> Layout:
    """Say where things should be.

    A box is a line such as "fox 0.1 0.2 0.5 0.4": its class, then left, top, width and height as shares of the
    picture's width and height. Without a line there is nothing: the null condition.
    """
    return parse_layout(boxes)


@node(id="loom.condition.layout", title="Layout", category="Condition")
def layout_condition(conditioner: Conditioner, layout: Layout) -> Conditioning:
    """Condition on where things are, for a model that was trained with boxes."""
    with torch.no_grad():
        encoder = expect(conditioner, LayoutEncoder, "conditioner")
        return conditioner.telling(encoder, encoder.encode([layout]))


@node(id="loom.mask.from_image", title="Mask from image", category="Mask")
def mask_from_image(
    image: Image,
    *,
    threshold: Annotated[
        float, Setting(min=0.0, max=0.99, step=0.05, shown=True, help="Brighter than this is painted; 1 is white.")
    ] = 0.5,
    inverted: Annotated[bool, Setting(help="Paint the dark parts.")] = False,
    grow: Annotated[int, Setting(min=-256, max=256, unit="px", help="Wider on each side; negative is narrower.")] = 0,
) -> Mask:
    """Paint where a picture is bright. What is painted will be changed, the rest kept."""
    mask = mask_of(image, threshold)
    return (mask.inverted() if inverted else mask).grown(grow)


@node(id="loom.condition.inpainting", title="Inpainting", category="Condition")
def inpainting(
    autoencoder: Autoencoder,
    image: Image,
    mask: Mask,
    *,
    convention: Annotated[
        str, Setting(choices=tuple(map(str, Convention)), help="How the model was told of the mask in training.")
    ] = str(Convention.LATENT_DIFFUSION),
) -> Conditioning:
    """Condition on a picture whose painted part is to be filled, for a model that was trained to do so.

    The denoiser sees the kept part and the mask beside the noise. For a Stable Diffusion inpainting model, combine it
    with a prompt.
    """
    return Inpainting(autoencoder.encode, convention).encode(image, mask)


@node(id="loom.map.from_image", title="Semantic map from image", category="Mask")
def semantic_map_from_image(image: Image) -> SemanticMap:
    """Read a picture whose red value, 0 to 255, says which class each pixel belongs to."""
    return semantic_map_of(image)


@node(id="loom.condition.semantic_map", title="Semantic map", category="Condition")
def semantic_map_condition(conditioner: Conditioner, semantic_map: SemanticMap) -> Conditioning:
    """Condition on what each part of the picture should be, for a model that was trained with semantic maps."""
    with torch.no_grad():
        rescaler = expect(conditioner, SpatialRescaler, "conditioner")
        return conditioner.telling(rescaler, rescaler.encode(semantic_map))


@node(id="loom.condition.low_resolution", title="Low-resolution picture", category="Condition")
def low_resolution(
    conditioner: Conditioner,
    image: Image,
    *,
    noise_level: Annotated[
        int, Setting(min=0, max=999, shown=True, help="More lets the model invent details; some models take none.")
    ] = 20,
    seed: Seed = 0,
) -> Conditioning:
    """Condition on a small picture, for a model that was trained to enlarge pictures.

    Each of its pixels, or a small square of them, becomes a cell of the latent, as the model was trained.
    """
    for member in conditioner.members:
        if isinstance(member, ImageConcatWithNoiseAugmentation):
            return conditioner.telling(member, member.encode(image, noise_level, seed))
    small = expect(conditioner, LowResolution, "conditioner")
    return conditioner.telling(small, small.encode(image))
