"""Conditions from nodes to a denoised latent, on tiny networks with random weights."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from core.conditioning.class_label import ClassEmbedder
from core.conditioning.conditioner import Conditioner
from core.conditioning.conditioning import Conditioning
from core.conditioning.layout_encoder import LayoutEncoder
from core.conditioning.layout_tokens import LayoutTokens
from core.conditioning.noisy_low_resolution import ImageConcatWithNoiseAugmentation
from core.conditioning.spatial import LowResolution, SpatialRescaler
from core.diffusion.latent_diffusion import Denoiser, Latent
from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Parameterization
from core.diffusion.sampling import Guidance, denoise, make_time_grid, pure_noise
from core.errors import InputError
from core.graph.run_context import RunContext
from core.imaging.image import Image
from core.models.text_transformer import BERTEmbedder
from core.models.unet import UNetModel
from nodes import condition as nodes
from nodes import condition_spatial as spatial
from nodes.load import ModelParts

CLASSES = ("fox", "frog", "house")
TOKENS = {"use_spatial_transformer": True, "context_dim": 16}


def random_weights(module: torch.nn.Module) -> Any:
    stream = torch.Generator().manual_seed(3)
    for parameter in module.parameters():
        parameter.data.normal_(0, 0.15, generator=stream)
    return module.eval().requires_grad_(False)


def denoiser_for(model: ModelParts, **unet: Any) -> Denoiser:
    """A denoiser in the model's latent space of 2 channels that takes other conditions."""
    arguments = {
        "image_size": 4, "in_channels": 2, "out_channels": 2, "model_channels": 32, "num_res_blocks": 1,
        "attention_resolutions": [1], "channel_mult": [1], "num_heads": 2, **unet,
    }  # fmt: skip
    network = random_weights(UNetModel(**arguments))
    return Denoiser(network, model.autoencoder.space, NoiseSchedule(), Parameterization.EPS)


def sampled(
    denoiser: Denoiser, positive: Conditioning, negative: Conditioning | None = None, size: int = 4
) -> torch.Tensor:
    start = pure_noise(Latent(torch.zeros(1, 2, size, size), denoiser.space, (5,)))
    grid = make_time_grid(denoiser.schedule, 2)
    return denoise(denoiser, start, grid, Guidance(positive=positive, negative=negative, scale=3.0)).values


def different(denoiser: Denoiser, *conditions: Conditioning, negative: Conditioning | None = None) -> bool:
    first, second = (sampled(denoiser, condition, negative) for condition in conditions)
    assert first.isfinite().all()
    return bool((first - second).abs().max() > 1e-4)


@pytest.fixture
def layouts() -> LayoutEncoder:
    form = LayoutTokens(no_object_classes=3, no_max_objects=4, no_tokens=64)
    return LayoutEncoder(random_weights(BERTEmbedder(16, 1, 64, form.length)), form, CLASSES)


def picture(size: int, value: float = 0.3) -> Image:
    return Image(torch.linspace(-1, value, 3 * size * size).reshape(1, 3, size, size))


def test_classes_guide(model: ModelParts) -> None:
    classes: Conditioner = random_weights(ClassEmbedder(16, 4))
    denoiser = denoiser_for(model, **TOKENS)
    fox, frog = (nodes.class_label(classes, label=label) for label in (0, 1))
    assert different(denoiser, fox, frog, negative=nodes.no_condition(classes))


def test_layouts_guide(model: ModelParts, layouts: LayoutEncoder) -> None:
    left, right = (spatial.layout_condition(layouts, spatial.boxes(boxes=f"fox {x} 0.2 0.4 0.4")) for x in (0.0, 0.6))
    assert different(denoiser_for(model, **TOKENS), left, right, negative=nodes.no_condition(layouts))


def test_semantic_maps_guide(model: ModelParts) -> None:
    rescaler: Conditioner = random_weights(SpatialRescaler(3, in_channels=3, out_channels=4))
    pixels = torch.zeros(1, 3, 32, 32)
    maps = []
    for label in (0, 2):
        pixels[:, 0] = label / 127.5 - 1
        maps.append(spatial.semantic_map_condition(rescaler, spatial.semantic_map_from_image(Image(pixels))))
    assert different(denoiser_for(model, in_channels=6), *maps)


def test_small_pictures_guide_with_and_without_noise(model: ModelParts) -> None:
    plain = denoiser_for(model, in_channels=5)
    dark, bright = (spatial.low_resolution(LowResolution(), picture(4, value)) for value in (-0.5, 0.9))
    assert different(plain, dark, bright)
    upscaler = denoiser_for(model, in_channels=5, num_classes=350)
    noisy = ImageConcatWithNoiseAugmentation(max_noise_level=350)
    levels = (spatial.low_resolution(noisy, picture(4), noise_level=level) for level in (10, 300))
    assert different(upscaler, *levels)


@pytest.mark.parametrize("convention", ["latent diffusion", "stable diffusion"])
def test_the_painted_part_guides(model: ModelParts, convention: str) -> None:
    denoiser, image = denoiser_for(model, in_channels=5), picture(32)
    masks = (spatial.mask_from_image(image, threshold=0.3, inverted=inverted) for inverted in (False, True))
    conditions = (spatial.inpainting(model.autoencoder, image, mask, convention=convention) for mask in masks)
    assert different(denoiser, *conditions)


def test_a_prompt_and_a_mask_guide_together_and_the_negative_prompt_needs_no_mask(model: ModelParts) -> None:
    denoiser = denoiser_for(model, in_channels=5, **TOKENS, num_classes="sequential", adm_in_channels=16)
    mask = spatial.mask_from_image(picture(32), grow=2)
    inpainting = spatial.inpainting(model.autoencoder, picture(32), mask)
    fox, frog = (
        nodes.combine_conditions(nodes.text_prompt(model.text_encoder, text=text, run=RunContext()), inpainting)
        for text in ("a fox", "two frogs")
    )
    assert different(denoiser, fox, frog, negative=nodes.no_condition(model.text_encoder))


def test_a_stronger_word_changes_the_picture(model: ModelParts) -> None:
    plain, strong = (
        nodes.text_prompt(model.text_encoder, text=text, run=RunContext()) for text in ("a fox", "a (fox:1.5)")
    )
    assert different(model.denoiser, plain, strong, negative=nodes.no_condition(model.text_encoder))


def test_a_blend_of_prompts_leads_from_one_to_the_other(model: ModelParts) -> None:
    fox, frog = (nodes.text_prompt(model.text_encoder, text=text, run=RunContext()) for text in ("a fox", "two frogs"))
    ends = (sampled(model.denoiser, fox), sampled(model.denoiser, frog))
    for share, end in zip((0.0, 1.0), ends, strict=True):
        blend = nodes.blend_conditions(fox, frog, share=share)
        torch.testing.assert_close(sampled(model.denoiser, blend), end)
    assert different(model.denoiser, nodes.blend_conditions(fox, frog, share=0.5), fox)


def test_sizes_join_a_pooled_prompt() -> None:
    prompt = Conditioning(torch.zeros(1, 2, 16), torch.zeros(1, 8))
    small, large = (nodes.picture_size(prompt, original_width=width).vector for width in (64, 1024))
    assert small is not None
    assert large is not None
    assert small.shape == (1, 8 + 6 * 256)
    assert not torch.equal(small, large)


def test_the_wrong_kind_of_conditioner_is_told(model: ModelParts, layouts: LayoutEncoder) -> None:
    with pytest.raises(InputError, match="takes prompts, not a class"):
        nodes.class_label(model.text_encoder)
    with pytest.raises(InputError, match="takes layouts, not prompts") as refused:
        nodes.text_prompt(layouts, text="a fox", run=RunContext())
    assert refused.value.port == "text_encoder"


def test_a_condition_for_another_denoiser_is_told(model: ModelParts) -> None:
    prompt = nodes.text_prompt(model.text_encoder, text="a fox", run=RunContext())
    with pytest.raises(InputError, match="beside the latent, and gets none"):
        sampled(denoiser_for(model, in_channels=5, **TOKENS), prompt)
    small = spatial.low_resolution(LowResolution(), picture(8))
    with pytest.raises(InputError, match="map is 8 × 8, the latent 4 × 4"):
        sampled(denoiser_for(model, in_channels=5), small)


def test_words_that_the_model_never_learnt_are_noted(model: ModelParts) -> None:
    notes: list[str] = []
    run = RunContext(on_note=notes.append)
    nodes.text_prompt(model.text_encoder, text="a Fox, a fox", run=run)
    assert not notes
    nodes.text_prompt(model.text_encoder, text="a (penguin:1.3) on a Penguin", run=run)
    assert notes == ["Not among this model's words: penguin."]
