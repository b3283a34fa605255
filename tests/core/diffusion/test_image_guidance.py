"""Steering a model after its training, on Gaussian data, where the gradient is known."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from benchmarks.gaussian_data import GaussianData
from core.diffusion.image_guidance import ImageGuidance, classified, image_guided, known_pixels, low_resolution
from core.diffusion.noise_schedule import NoiseSchedule
from core.errors import InputError
from core.samplers.ddim import ddim
from core.samplers.time_grid import time_grid

DATA = GaussianData(NoiseSchedule(linear_start=0.00085, linear_end=0.012))
X, T = (
    torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(2), dtype=torch.float64),
    torch.tensor([300, 300]),
)


def same(latents: Tensor) -> Tensor:
    """A decoder that changes nothing."""
    return latents


def test_the_noise_is_shifted_by_the_gradient_of_the_loss() -> None:
    wanted, scale = 0.3, 2.5
    plain = DATA.predict(X, T)
    target = known_pixels(same, torch.full_like(X, wanted), torch.ones(1, 1, 4, 4))
    steered = image_guided(DATA.predict, DATA.schedule, ImageGuidance(target, scale))(X, T)
    a = DATA.schedule.alpha_bar[300]
    slope = a.sqrt() * DATA.deviation**2 / DATA.spread(T[0]) ** 2  # of x_0(x_t)
    gradient = slope * (plain.x0 - wanted)
    torch.testing.assert_close(steered.eps, plain.eps + scale * a * (1 - a).sqrt() * gradient)
    torch.testing.assert_close(a.sqrt() * steered.x0 + (1 - a).sqrt() * steered.eps, X)
    assert not steered.eps.requires_grad
    assert not X.requires_grad


def test_it_works_where_gradients_are_off() -> None:
    guidance = ImageGuidance(low_resolution(same, torch.zeros(1, 3, 2, 2)), 1.0)
    with torch.no_grad():
        steered = image_guided(DATA.predict, DATA.schedule, guidance)(X, T)
    assert not torch.allclose(steered.eps, DATA.predict(X, T).eps)


def sampled(guidance: ImageGuidance) -> Tensor:
    model = image_guided(DATA.predict, DATA.schedule, guidance)
    return ddim(model, X, DATA.schedule, time_grid(DATA.schedule, 50), noise=torch.zeros_like)


def test_more_strength_brings_the_small_picture_closer() -> None:
    small = torch.linspace(-0.5, 1, 12, dtype=torch.float64).reshape(1, 3, 2, 2)
    misses = []
    for scale in (0.0, 10.0, 100.0):
        end = sampled(ImageGuidance(low_resolution(same, small), scale))
        averages = end.unflatten(2, (2, 2)).unflatten(4, (2, 2)).mean((3, 5))
        misses.append(float((averages - small).abs().mean()))
    assert misses[2] < misses[1] / 2 < misses[0] / 4


def test_only_known_pixels_are_pulled() -> None:
    mask = torch.zeros(1, 1, 4, 4)
    mask[..., :2] = 1
    plain, pulled = (sampled(ImageGuidance(known_pixels(same, torch.zeros(1, 3, 4, 4), mask), s)) for s in (0.0, 20.0))
    assert float(pulled[..., :2].abs().mean()) < 0.3 * float(plain[..., :2].abs().mean())
    torch.testing.assert_close(pulled[..., 2:], plain[..., 2:])


def test_a_classifier_decides_the_class() -> None:
    def bright_or_dark(images: Tensor) -> Tensor:
        level = images.mean((1, 2, 3)) - DATA.mean
        return torch.stack([level, -level], dim=1) * 20

    bright, dark = (sampled(ImageGuidance(classified(same, bright_or_dark, label), 5.0)).mean() for label in (0, 1))
    assert float(bright) > DATA.mean > float(dark)


def test_a_push_out_of_all_numbers_is_named() -> None:
    guidance = ImageGuidance(lambda x_0: x_0.flatten(1).sum(1) * float("inf"), 3.0)
    with pytest.raises(InputError, match="strength 3 has no finite gradient at step 300"):
        image_guided(DATA.predict, DATA.schedule, guidance)(X, T)
