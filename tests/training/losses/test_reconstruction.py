"""Errors of reconstructions: closed forms."""

from __future__ import annotations

import pytest
import torch

from training.losses.reconstruction import PixelWeights, image_gradient_l1, pixel_error, psnr


def test_a_constant_shift_costs_its_size_and_no_gradient() -> None:
    image = torch.rand(2, 3, 5, 6, generator=torch.Generator().manual_seed(0))
    error, terms = pixel_error(image + 0.5, image, PixelWeights(l1=2, l2=4, gradient=8))
    assert float(terms["l1"]) == pytest.approx(0.5)
    assert float(terms["l2"]) == pytest.approx(0.25)
    assert float(terms["gradient"]) == pytest.approx(0, abs=1e-6)
    torch.testing.assert_close(error, torch.full_like(image, 2.0))


def test_a_ramp_against_nothing_costs_its_slope() -> None:
    ramp = (torch.arange(8.0) * 0.25).expand(1, 3, 8, 8)
    assert float(image_gradient_l1(ramp, torch.zeros_like(ramp))) == pytest.approx(0.25)
    assert float(image_gradient_l1(ramp.mT, torch.zeros_like(ramp))) == pytest.approx(0.25)
    error, _ = pixel_error(ramp, torch.zeros_like(ramp), PixelWeights(l1=0, gradient=2))
    torch.testing.assert_close(error.mean(), torch.tensor(0.5))


def test_psnr_is_20_db_at_a_tenth_of_the_range_and_separate_for_each_picture() -> None:
    a = torch.zeros(2, 3, 4, 4)
    b = torch.stack([torch.full((3, 4, 4), 0.2), torch.full((3, 4, 4), 0.02)])
    assert psnr(a, b).tolist() == pytest.approx([20.0, 40.0], abs=1e-3)
    assert torch.isfinite(psnr(a, a)).all()
