"""From noise or a picture to a latent picture: seeds, batches, guidance, previews, cancelling, mismatches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from core.cancellation import CancelToken
from core.conditioning.conditioning import Conditioning
from core.diffusion.latent_diffusion import Latent
from core.diffusion.sampling import TimeGrid
from core.errors import Cancelled, InputError
from core.graph.run_context import RunContext
from core.imaging.image import Image
from nodes.condition import text_prompt
from nodes.first_stage import decode_latent, encode_image
from nodes.load import ModelParts
from nodes.sample import add_noise, denoise, noise, scheduler


@pytest.fixture
def prompt(model: ModelParts) -> Conditioning:
    return text_prompt(model.text_encoder, text="a fox on a meadow", run=RunContext())


@pytest.fixture
def picture() -> Image:
    stream = torch.Generator().manual_seed(4)
    return Image(torch.rand(1, 3, 32, 24, generator=stream) * 2 - 1)


def sampled(model: ModelParts, latent: Latent, grid: TimeGrid, prompt: Conditioning, **settings: Any) -> Latent:
    negative = text_prompt(model.text_encoder, text="", run=RunContext())
    return denoise(model.denoiser, latent, grid, prompt, negative, **{"run": RunContext(), **settings})


def painted(model: ModelParts, prompt: Conditioning, *, seed: int, count: int = 1, **settings: Any) -> torch.Tensor:
    latent = noise(model.autoencoder, width=32, height=24, seed=seed, count=count)
    made = sampled(model, latent, scheduler(model.denoiser, steps=4), prompt, **settings)
    return decode_latent(model.autoencoder, made, run=RunContext()).pixels


@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_the_seed_decides_the_picture(model: ModelParts, prompt: Conditioning, eta: float) -> None:
    first = painted(model, prompt, seed=7, eta=eta)
    assert first.shape == (1, 3, 24, 32)
    assert torch.equal(first, painted(model, prompt, seed=7, eta=eta))
    assert (first - painted(model, prompt, seed=8, eta=eta)).abs().max() > 0.01


@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_a_picture_does_not_depend_on_its_batch(model: ModelParts, prompt: Conditioning, eta: float) -> None:
    together = painted(model, prompt, seed=7, count=3, eta=eta)
    alone = painted(model, prompt, seed=8, eta=eta)
    torch.testing.assert_close(together[1:2], alone, atol=1e-4, rtol=0)


def test_the_prompt_and_its_strength_matter(model: ModelParts, prompt: Conditioning) -> None:
    frogs = text_prompt(model.text_encoder, text="two frogs", run=RunContext())
    weak, strong = (painted(model, prompt, seed=7, guidance=scale) for scale in (1.0, 8.0))
    assert not torch.equal(weak, painted(model, frogs, seed=7, guidance=1.0))
    assert not torch.equal(weak, strong)


def test_without_a_negative_prompt_there_is_no_guidance(model: ModelParts, prompt: Conditioning) -> None:
    latent, grid = noise(model.autoencoder, width=32, height=32, seed=1), scheduler(model.denoiser, steps=2)
    plain = denoise(model.denoiser, latent, grid, prompt, guidance=9.0, run=RunContext())
    one = sampled(model, latent, grid, prompt, guidance=1.0)
    torch.testing.assert_close(plain.values, one.values)


def test_noise_is_standard_normal_and_its_size_that_of_the_latent(model: ModelParts) -> None:
    latent = noise(model.autoencoder, width=512, height=256, seed=3)
    assert latent.values.shape == (1, 2, 32, 64)
    assert float(latent.values.mean()) == pytest.approx(0, abs=0.05)
    assert float(latent.values.std()) == pytest.approx(1, abs=0.05)


def test_an_encoded_picture_changes_more_with_more_strength(
    model: ModelParts, prompt: Conditioning, picture: Image
) -> None:
    clean = encode_image(model.autoencoder, picture, seed=5, run=RunContext())
    changes = []
    for strength in (0.1, 0.5, 1.0):
        grid = scheduler(model.denoiser, steps=10, strength=strength)
        made = sampled(model, add_noise(clean, grid), grid, prompt)
        assert made.level is None
        assert made.values.shape == clean.values.shape == (1, 2, 4, 3)
        changes.append(float((made.values - clean.values).abs().mean()))
    assert changes[0] < changes[1] < changes[2]


def test_encoding_then_decoding_gives_a_picture_of_the_same_size(model: ModelParts, picture: Image) -> None:
    latent = encode_image(model.autoencoder, picture, run=RunContext())
    back = decode_latent(model.autoencoder, latent, run=RunContext())
    assert back.pixels.shape == picture.pixels.shape
    assert float(back.pixels.abs().max()) <= 1


def test_each_step_is_reported_with_a_picture_if_there_is_a_decoder(model: ModelParts, prompt: Conditioning) -> None:
    steps: list[tuple[int, int, Any]] = []
    run = RunContext(on_step=lambda *step: steps.append(step))
    latent, grid = noise(model.autoencoder, width=32, height=24), scheduler(model.denoiser, steps=4)
    denoise(model.denoiser, latent, grid, prompt, None, model.autoencoder, run=run)
    assert [(done, total) for done, total, _ in steps] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    for _, _, preview in steps:
        assert isinstance(preview, np.ndarray)
        assert (preview.shape, preview.dtype) == ((24, 32, 3), np.uint8)


def test_cancelling_acts_within_a_step(model: ModelParts, prompt: Conditioning) -> None:
    cancel, done = CancelToken(), []

    def on_step(step: int, total: int, preview: object) -> None:
        done.append(step)
        cancel.cancel()

    run = RunContext(cancel=cancel, on_step=on_step)
    latent, grid = noise(model.autoencoder, width=32, height=32), scheduler(model.denoiser, steps=9)
    with pytest.raises(Cancelled):
        denoise(model.denoiser, latent, grid, prompt, run=run)
    assert done == [1]


@pytest.mark.parametrize(("width", "height", "port"), [(500, 64, "width"), (64, 500, "height")])
def test_a_size_that_does_not_divide_is_refused_with_the_nearest_two(
    model: ModelParts, width: int, height: int, port: str
) -> None:
    with pytest.raises(InputError) as refused:
        noise(model.autoencoder, width=width, height=height)
    assert "500" in refused.value.what
    assert "multiples of 8" in refused.value.why
    assert refused.value.fix == "Use 496 or 504."
    assert refused.value.port == port


def test_a_clean_latent_is_not_denoised(model: ModelParts, prompt: Conditioning, picture: Image) -> None:
    clean = encode_image(model.autoencoder, picture, run=RunContext())
    with pytest.raises(InputError, match="Add noise") as refused:
        sampled(model, clean, scheduler(model.denoiser, steps=4), prompt)
    assert refused.value.port == "latent"


def test_noise_is_not_added_to_noise(model: ModelParts) -> None:
    with pytest.raises(InputError, match="noisy already") as refused:
        add_noise(noise(model.autoencoder), scheduler(model.denoiser))
    assert refused.value.port == "latent"


def test_two_schedulers_are_told_apart(model: ModelParts, prompt: Conditioning, picture: Image) -> None:
    clean = encode_image(model.autoencoder, picture, run=RunContext())
    noised = add_noise(clean, scheduler(model.denoiser, steps=10, strength=0.5))
    with pytest.raises(InputError, match="different schedulers") as refused:
        sampled(model, noised, scheduler(model.denoiser, steps=10, strength=0.8), prompt)
    assert refused.value.port == "time_grid"


def test_pure_noise_needs_full_strength(model: ModelParts, prompt: Conditioning) -> None:
    grid = scheduler(model.denoiser, steps=10, strength=0.5)
    with pytest.raises(InputError, match="pure noise"):
        sampled(model, noise(model.autoencoder), grid, prompt)


def test_the_latent_of_another_model_is_refused_by_name(
    model: ModelParts, other_model: ModelParts, prompt: Conditioning
) -> None:
    latent = noise(other_model.autoencoder, width=32, height=32)
    with pytest.raises(InputError, match=r"belongs to two, the denoiser to one"):
        sampled(model, latent, scheduler(model.denoiser, steps=2), prompt)


def test_decoding_refuses_the_latent_of_another_model(model: ModelParts, other_model: ModelParts) -> None:
    latent = noise(other_model.autoencoder, width=32, height=32)
    with pytest.raises(InputError, match=r"belongs to two"):
        decode_latent(model.autoencoder, latent, run=RunContext())


def test_a_prompt_longer_than_the_encoder_reads_still_guides(model: ModelParts) -> None:
    long = text_prompt(model.text_encoder, text="a fox on a meadow " * 4, run=RunContext())
    assert painted(model, long, seed=7, guidance=3.0).isfinite().all()


def test_nodes_leave_their_inputs_as_they_were(model: ModelParts, prompt: Conditioning, picture: Image) -> None:
    modules = (model.autoencoder.module, model.denoiser.module, model.text_encoder)
    pixels = picture.pixels.clone()
    weights = [{name: value.clone() for name, value in module.state_dict().items()} for module in modules]
    grid = scheduler(model.denoiser, steps=5, strength=0.8)
    clean = encode_image(model.autoencoder, picture, run=RunContext())
    noised = add_noise(clean, grid)
    made = sampled(model, noised, grid, prompt, eta=0.5)
    values = [value.clone() for value in (clean.values, noised.values, made.values, grid.steps, prompt.tokens)]
    sampled(model, noised, grid, prompt, eta=0.5)
    decode_latent(model.autoencoder, made, run=RunContext())
    add_noise(clean, grid)
    after = (clean.values, noised.values, made.values, grid.steps, prompt.tokens)
    assert all(map(torch.equal, values, after))
    assert torch.equal(picture.pixels, pixels)
    for module, before in zip(modules, weights, strict=True):
        assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert not any(value.requires_grad for value in after)
