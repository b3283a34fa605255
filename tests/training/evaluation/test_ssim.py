from __future__ import annotations

import pytest
import torch

from training.evaluation.ssim import C1, C2, ssim


def noise(seed: int) -> torch.Tensor:
    return torch.rand(2, 3, 24, 20, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_identical_pictures_have_ssim_1() -> None:
    assert torch.allclose(ssim(noise(0), noise(0)), torch.ones(2, dtype=torch.float64), atol=1e-12)


def test_ssim_of_flat_pictures_is_the_luminance_term() -> None:
    a, b = torch.full((1, 3, 16, 16), 0.5), torch.full((1, 3, 16, 16), -0.25)
    expected = (2 * 0.5 * -0.25 + C1) / (0.5**2 + 0.25**2 + C1)
    assert ssim(a, b).item() == pytest.approx(expected, abs=1e-12)


def test_ssim_of_a_picture_and_its_negative_follows_the_closed_form_of_a_checkerboard() -> None:
    y, x = torch.meshgrid(torch.arange(32), torch.arange(32), indexing="ij")
    board = ((y + x) % 2 * 2.0 - 1).expand(1, 3, 32, 32)
    # The Gaussian window sees a mean of nearly 0 and a variance of nearly 1.
    assert ssim(board, -board).item() == pytest.approx((-2 + C2) / (2 + C2), abs=1e-4)


def test_ssim_is_symmetric_and_falls_with_noise() -> None:
    a, b = noise(0), noise(1)
    assert torch.allclose(ssim(a, b), ssim(b, a))
    values = [ssim(a, a + amount * b).mean().item() for amount in (0.05, 0.2, 0.8)]
    assert values == sorted(values, reverse=True)


def test_pictures_below_the_window_are_refused() -> None:
    with pytest.raises(ValueError, match="11 x 11"):
        ssim(torch.zeros(1, 3, 10, 16), torch.zeros(1, 3, 10, 16))
