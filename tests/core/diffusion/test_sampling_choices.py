"""What a person may choose when denoising: sampler, windows, kept regions, image guidance; and the way back."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from core.conditioning.conditioning import Conditioning
from core.diffusion.image_guidance import ImageGuidance, low_resolution
from core.diffusion.kept_region import kept_region
from core.diffusion.latent_diffusion import Denoiser, Latent, LatentSpace
from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Parameterization
from core.diffusion.sampling import (
    Guidance,
    TimeGrid,
    add_noise,
    denoise,
    interpolate,
    invert,
    make_time_grid,
    pure_noise,
    windows_of,
)
from core.errors import InputError
from core.imaging.mask import Mask
from core.models.unet import UNetModel
from core.samplers.catalogue import SAMPLERS

SPACE = LatentSpace("test", channels=2, factor=8)
PROMPT, NOTHING = (Conditioning(tokens=torch.full((1, 3, 8), value)) for value in (1.0, 0.0))
WISH = Guidance(positive=PROMPT, negative=NOTHING, scale=2.0)


def nothing() -> None:
    """Do nothing between windows."""


@pytest.fixture(scope="module")
def denoiser() -> Denoiser:
    """A small UNet with random weights."""
    module = UNetModel(4, 2, 32, 2, 1, [1], channel_mult=[1], num_heads=2, use_spatial_transformer=True, context_dim=8)
    stream = torch.Generator().manual_seed(3)
    for parameter in module.parameters():
        parameter.data.normal_(0, 0.05, generator=stream)
    return Denoiser(module.eval(), SPACE, NoiseSchedule(), Parameterization.V)


def blank(*seeds: int, side: int = 4) -> Latent:
    return Latent(torch.zeros(len(seeds), 2, side, side), SPACE, seeds)


def grid(steps: int = 4, spacing: str = "uniform", strength: float = 1.0) -> TimeGrid:
    return make_time_grid(NoiseSchedule(), steps, spacing, strength)


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("spacing", ["uniform", "karras"])
def test_every_sampler_denoises_pictures_one_by_one(denoiser: Denoiser, sampler: str, spacing: str) -> None:
    used = grid(3, spacing)
    together = denoise(denoiser, pure_noise(blank(8, 9)), used, WISH, sampler=sampler)
    alone = denoise(denoiser, pure_noise(blank(9)), used, WISH, sampler=sampler)
    assert together.level is None
    torch.testing.assert_close(together.values[1:], alone.values, atol=1e-4, rtol=1e-4)


def test_a_picture_is_noised_to_a_step_between_two(denoiser: Denoiser) -> None:
    used = grid(10, "karras", 0.5)
    noisy = add_noise(replace(blank(1), values=torch.ones(1, 2, 4, 4)), used)
    assert noisy.level == used.start != int(used.start)
    assert bool(torch.isfinite(denoise(denoiser, noisy, used, WISH).values).all())


def test_the_smallest_strength_takes_a_step_that_changes_something() -> None:
    assert make_time_grid(NoiseSchedule(), 1000, "uniform", 0.001).start == 1


def test_a_window_as_large_as_the_canvas_changes_nothing(denoiser: Denoiser) -> None:
    start = pure_noise(blank(4, side=8))
    plain = denoise(denoiser, start, grid(), WISH)
    windowed = denoise(denoiser, start, grid(), WISH, windows=windows_of(SPACE, 64, 0.5, nothing))
    assert torch.equal(plain.values, windowed.values)


def test_windows_change_what_a_network_sees(denoiser: Denoiser) -> None:
    start = pure_noise(blank(4, side=12))
    plain = denoise(denoiser, start, grid(), WISH)
    windowed = denoise(denoiser, start, grid(), WISH, windows=windows_of(SPACE, 32, 0.5, nothing))
    assert plain.values.shape == windowed.values.shape
    assert not torch.allclose(plain.values, windowed.values, atol=1e-4)


def test_no_window_size_means_no_windows() -> None:
    assert windows_of(SPACE, 0, 0.5, nothing) is None


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_kept_region_comes_back_unchanged(denoiser: Denoiser, sampler: str) -> None:
    picture = replace(blank(1), values=torch.full((1, 2, 4, 4), 0.6))
    painted = torch.zeros(1, 1, 32, 32)
    painted[..., 16:] = 1
    made = denoise(
        denoiser, pure_noise(blank(1)), grid(), WISH, sampler=sampler, keep=kept_region(picture, Mask(painted))
    )
    assert torch.equal(made.values[..., :2], picture.values[..., :2])
    assert not torch.allclose(made.values[..., 2:], picture.values[..., 2:])


def test_image_guidance_reaches_through_the_network(denoiser: Denoiser) -> None:
    wanted = torch.full((1, 2, 2, 2), 1.5)
    misses = []
    for scale in (0.0, 3.0):
        steered = ImageGuidance(low_resolution(lambda z: z, wanted), scale)
        made = denoise(denoiser, pure_noise(blank(1)), grid(20), WISH, image_guidance=steered)
        misses.append(float((torch.nn.functional.avg_pool2d(made.values, 2) - wanted).abs().mean()))
    assert misses[1] < 0.9 * misses[0]
    assert not made.values.requires_grad


def test_guidance_may_end_early_and_be_rescaled(denoiser: Denoiser) -> None:
    start = pure_noise(blank(4))
    always, early, never, rescaled = (
        denoise(denoiser, start, grid(), replace(WISH, scale=6.0, interval=interval, rescale=rescale)).values
        for interval, rescale in (((0.0, 1.0), 0.0), ((0.6, 1.0), 0.0), ((1.0, 1.0), 0.0), ((0.0, 1.0), 0.7))
    )
    alone = denoise(denoiser, start, grid(), Guidance(positive=PROMPT)).values
    assert torch.equal(never, alone)
    assert not torch.allclose(early, alone)
    assert not torch.allclose(early, always)
    assert not torch.allclose(rescaled, always)


def test_an_inverted_picture_is_found_again(denoiser: Denoiser) -> None:
    picture = replace(blank(1), values=torch.randn(1, 2, 4, 4, generator=torch.Generator().manual_seed(5)))
    used, wish = grid(200), Guidance(positive=PROMPT)
    noise = invert(denoiser, picture, used, wish)
    assert noise.level == used.start
    back = denoise(denoiser, noise, used, wish)
    assert float((back.values - picture.values).abs().max()) < 0.05


@pytest.mark.parametrize(
    ("latent", "what"),
    [(pure_noise(blank(1)), "noisy latent cannot be inverted"),
     (replace(blank(1), space=replace(SPACE, name="other")), "belongs to other")],
)  # fmt: skip
def test_only_the_models_own_clean_latents_are_inverted(denoiser: Denoiser, latent: Latent, what: str) -> None:
    with pytest.raises(InputError, match=what) as caught:
        invert(denoiser, latent, grid(), WISH)
    assert caught.value.port == "latent"


def test_between_two_seeds_there_is_noise() -> None:
    first, second = pure_noise(blank(1, side=32)), pure_noise(blank(2, side=32))
    half = interpolate(first, second, 0.5)
    assert (half.level, half.seeds) == (first.level, first.seeds)
    assert float(half.values.std()) == pytest.approx(1, abs=0.05)
    assert torch.equal(interpolate(first, second, 0.0).values, first.values)


def test_between_noise_and_a_picture_there_is_nothing() -> None:
    with pytest.raises(InputError, match="have nothing between them") as caught:
        interpolate(pure_noise(blank(1)), blank(2), 0.5)
    assert caught.value.port == "second"


def test_an_eps_model_cannot_be_without_signal() -> None:
    schedule = NoiseSchedule(zero_terminal_snr=True)
    with pytest.raises(ValueError, match="noise alone"):
        Denoiser(torch.nn.Identity(), SPACE, schedule, Parameterization.EPS)  # type: ignore[arg-type]
