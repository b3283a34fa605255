"""Steering by gradients: towards pictures, and towards what a classifier sees."""

from __future__ import annotations

import pytest
import torch

from core.checkpoints import model_library
from core.conditioning.conditioning import Conditioning
from core.errors import InputError
from core.graph.run_context import RunContext
from core.imaging.image import Image
from core.imaging.mask import Mask
from nodes.condition import text_prompt
from nodes.guide import guide_by_class, guide_by_pixels, guide_by_small_picture, load_classifier
from nodes.load import ModelParts, load_model
from nodes.sample import denoise, noise, scheduler

RUN = RunContext()


SHIPPED = model_library.SHIPPED


@pytest.fixture
def shipped_models(_only_these_models: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The models that ship, in place of the small ones."""
    monkeypatch.setattr(model_library, "SHIPPED", SHIPPED)


@pytest.fixture
def prompt(model: ModelParts) -> Conditioning:
    return text_prompt(model.text_encoder, text="a fox on a meadow", run=RUN)


def test_pictures_steer_without_training(model: ModelParts, prompt: Conditioning) -> None:
    picture = Image(torch.rand(1, 3, 32, 24, generator=torch.Generator().manual_seed(4)) * 2 - 1)
    start, grid = noise(model.autoencoder, width=24, height=32), scheduler(model.denoiser, steps=3)
    plain = denoise(model.denoiser, start, grid, prompt, run=RUN)
    small = Image(picture.pixels[..., ::4, ::4])
    for wish in (
        guide_by_small_picture(model.autoencoder, small, strength=1.0),
        guide_by_pixels(model.autoencoder, picture, Mask(torch.zeros(1, 1, 32, 24)), strength=1.0),
    ):
        steered = denoise(model.denoiser, start, grid, prompt, image_guidance=wish, run=RUN)
        assert not torch.allclose(steered.values, plain.values)
        assert bool(torch.isfinite(steered.values).all())


def test_a_classifier_steers_the_shipped_model_to_a_class_that_no_prompt_names(shipped_models: None) -> None:
    model, judge = load_model(), load_classifier()
    nothing = text_prompt(model.text_encoder, text="", run=RUN)
    start, grid = noise(model.autoencoder, width=64, height=64, count=3), scheduler(model.denoiser, steps=10)
    wish = guide_by_class(model.autoencoder, judge, label="fox")
    plain, steered = (
        model.autoencoder.decode(denoise(model.denoiser, start, grid, nothing, image_guidance=one, run=RUN).values)
        for one in (None, wish)
    )
    of_foxes = [float(judge.shares(images)[:, judge.classes.index("fox")].mean()) for images in (plain, steered)]
    assert of_foxes[1] > of_foxes[0] + 0.05
    assert wish.loom_summary() == "fox × 20"


def test_a_class_that_the_classifier_does_not_know_is_refused_with_those_it_knows(shipped_models: None) -> None:
    with pytest.raises(InputError, match="does not know 'wolf'") as refused:
        guide_by_class(load_model().autoencoder, load_classifier(), label="wolf")
    assert "fox" in refused.value.why
    assert refused.value.port == "label"
