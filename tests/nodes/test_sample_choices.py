"""What the sampling nodes offer beside the usual way: other samplers, inpainting, inversion."""

from __future__ import annotations

import pytest
import torch

from core.cancellation import CancelToken
from core.conditioning.conditioning import Conditioning
from core.errors import Cancelled, InputError
from core.graph.run_context import RunContext
from core.imaging.image import Image
from core.imaging.mask import Mask
from core.samplers.catalogue import SAMPLERS
from nodes.condition import text_prompt
from nodes.first_stage import encode_image
from nodes.load import ModelParts
from nodes.sample import (
    denoise,
    interpolate_noise,
    invert,
    keep_region,
    noise,
    scheduler,
)

RUN = RunContext()


@pytest.fixture
def prompt(model: ModelParts) -> Conditioning:
    return text_prompt(model.text_encoder, text="a fox on a meadow", run=RUN)


@pytest.fixture
def picture() -> Image:
    return Image(torch.rand(1, 3, 32, 24, generator=torch.Generator().manual_seed(4)) * 2 - 1)


def test_denoise_offers_every_sampler_and_says_what_each_is_good_for() -> None:
    setting = denoise.spec.settings["sampler"]
    assert setting.choices() == tuple(SAMPLERS)
    assert all(name in setting.setting.help for name in SAMPLERS)


@pytest.mark.parametrize(("sampler", "steps", "noted"), [("plms", 2, True), ("unipc", 2, True), ("ddim", 2, False),
                                                         ("unipc", 5, False)])  # fmt: skip
def test_a_sampler_that_needs_more_steps_says_so(
    model: ModelParts, prompt: Conditioning, sampler: str, steps: int, noted: bool
) -> None:
    start, grid, run = (
        noise(model.autoencoder, width=16, height=16),
        scheduler(model.denoiser, steps=steps),
        RunContext(),
    )
    denoise(model.denoiser, start, grid, prompt, sampler=sampler, run=run)
    assert [f"{sampler} takes 2 steps here" in note for note in run.notes] == [True] * noted


@pytest.mark.parametrize("spacing", ["trailing", "karras"])
def test_another_sampler_makes_another_picture_of_the_same_seed(
    model: ModelParts, prompt: Conditioning, spacing: str
) -> None:
    start, grid = noise(model.autoencoder, width=32, height=24), scheduler(model.denoiser, steps=4, spacing=spacing)
    one, other = (
        denoise(model.denoiser, start, grid, prompt, sampler=sampler, run=RUN) for sampler in ("euler", "heun")
    )
    assert not torch.allclose(one.values, other.values)


def test_what_is_not_painted_stays(model: ModelParts, prompt: Conditioning, picture: Image) -> None:
    clean = encode_image(model.autoencoder, picture, run=RUN)
    painted = torch.zeros(1, 1, 32, 24)
    painted[..., :16, :] = 1
    start, grid = noise(model.autoencoder, width=24, height=32), scheduler(model.denoiser, steps=3)
    made = denoise(model.denoiser, start, grid, prompt, keep=keep_region(clean, Mask(painted)), run=RUN)
    assert torch.equal(made.values[..., 2:, :], clean.values[..., 2:, :])
    assert not torch.allclose(made.values[..., :2, :], clean.values[..., :2, :])


def test_a_large_canvas_is_cut_into_windows_and_can_be_stopped_between_them(
    model: ModelParts, prompt: Conditioning
) -> None:
    start, grid = noise(model.autoencoder, width=64, height=48), scheduler(model.denoiser, steps=2)
    whole, cut = (denoise(model.denoiser, start, grid, prompt, window=size, run=RUN).values for size in (64, 32))
    assert whole.shape == cut.shape
    assert not torch.allclose(whole, cut)
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        denoise(model.denoiser, start, grid, prompt, window=32, run=RunContext(cancel=cancel))


def test_an_inverted_picture_can_be_denoised_with_the_same_grid(
    model: ModelParts, prompt: Conditioning, picture: Image
) -> None:
    steps: list[tuple[int, int]] = []
    run = RunContext(on_step=lambda done, total, preview: steps.append((done, total)))
    grid = scheduler(model.denoiser, steps=4)
    found = invert(model.denoiser, encode_image(model.autoencoder, picture, run=RUN), grid, prompt, run=run)
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert denoise(model.denoiser, found, grid, prompt, run=RUN).level is None


def test_noise_between_two_seeds_needs_pictures_of_one_size(model: ModelParts) -> None:
    first, second, wide = (
        noise(model.autoencoder, width=width, height=32, seed=seed) for width, seed in ((32, 1), (32, 2), (64, 3))
    )
    half = interpolate_noise(first, second)
    assert not torch.equal(half.values, first.values)
    with pytest.raises(InputError, match="nothing between them"):
        interpolate_noise(first, wide)
