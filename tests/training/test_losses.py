"""Losses: closed forms."""

from __future__ import annotations

import pytest
import torch

from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Parameterization, min_snr_weight, target
from training.losses import diffusion_loss, image_gradient_l1, psnr, reconstruction_terms


def test_a_constant_shift_costs_its_size_and_no_gradient() -> None:
    image = torch.rand(2, 3, 5, 6, generator=torch.Generator().manual_seed(0))
    terms = reconstruction_terms(image + 0.5, image)
    assert float(terms["l1"]) == pytest.approx(0.5)
    assert float(terms["l2"]) == pytest.approx(0.25)
    assert float(terms["gradient"]) == pytest.approx(0, abs=1e-6)


def test_a_ramp_against_nothing_costs_its_slope() -> None:
    ramp = (torch.arange(8.0) * 0.25).expand(1, 3, 8, 8)
    assert float(image_gradient_l1(ramp, torch.zeros_like(ramp))) == pytest.approx(0.25)
    assert float(image_gradient_l1(ramp.mT, torch.zeros_like(ramp))) == pytest.approx(0.25)


def test_psnr_is_20_db_at_a_tenth_of_the_range_and_separate_for_each_picture() -> None:
    a = torch.zeros(2, 3, 4, 4)
    b = torch.stack([torch.full((3, 4, 4), 0.2), torch.full((3, 4, 4), 0.02)])
    assert psnr(a, b).tolist() == pytest.approx([20.0, 40.0], abs=1e-3)
    assert torch.isfinite(psnr(a, a)).all()


@pytest.mark.parametrize("kind", list(Parameterization))
@pytest.mark.parametrize("gamma", [0.0, 5.0])
def test_the_diffusion_loss_is_zero_at_the_truth_and_the_weighted_square_of_a_shift(
    kind: Parameterization, gamma: float
) -> None:
    schedule, stream = NoiseSchedule(), torch.Generator().manual_seed(1)
    x_0, noise = torch.randn(3, 2, 4, 4, generator=stream), torch.randn(3, 2, 4, 4, generator=stream)
    t = torch.tensor([3, 500, 990])
    truth = target(kind, schedule, x_0, noise, t)
    assert float(diffusion_loss(truth, x_0, noise, t, schedule, kind, gamma)) == 0
    weight = min_snr_weight(kind, schedule, t, gamma) if gamma else torch.ones(3)
    shifted = diffusion_loss(truth + 0.5, x_0, noise, t, schedule, kind, gamma)
    assert float(shifted) == pytest.approx(0.25 * float(weight.mean()), rel=1e-4)
