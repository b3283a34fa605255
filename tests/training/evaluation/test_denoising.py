"""A fresh UNet ends in zeros, so that its errors are known exactly."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from core.cancellation import CancelToken
from core.conditioning.conditioning import Conditioning
from core.diffusion.latent_diffusion import Denoiser, LatentSpace
from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Parameterization
from core.errors import Cancelled
from core.models.unet import UNetModel
from training.evaluation.denoising import denoising_errors, named_errors

LATENTS = torch.randn(40, 2, 8, 8, generator=torch.Generator().manual_seed(0))


def fresh(kind: Parameterization) -> Denoiser:
    network = UNetModel(
        image_size=8, in_channels=2, out_channels=2, model_channels=32, num_res_blocks=1, attention_resolutions=[],
        channel_mult=[1], num_heads=1,
    )  # fmt: skip
    return Denoiser(network.eval(), LatentSpace("test", 2, 8), NoiseSchedule(), kind)


def no_condition(rows: Tensor) -> Conditioning:
    return Conditioning()


def test_who_says_nothing_of_the_data_errs_by_the_data() -> None:
    errors = denoising_errors(fresh(Parameterization.X0), LATENTS, no_condition)
    assert errors.shape == (40, 4)
    assert torch.allclose(errors, LATENTS.square().mean(dim=(1, 2, 3))[:, None].expand(40, 4))


def test_who_says_nothing_of_the_noise_errs_by_its_variance_at_all_times() -> None:
    errors = denoising_errors(fresh(Parameterization.EPS), LATENTS, no_condition)
    assert errors.mean().item() == pytest.approx(1, abs=0.03)
    assert torch.unique(errors).numel() == errors.numel(), "each item has its own noise in each part"


def test_noise_and_times_depend_on_seed_and_item_and_not_on_the_batch() -> None:
    denoiser = fresh(Parameterization.V)
    whole = denoising_errors(denoiser, LATENTS, no_condition)
    assert torch.allclose(whole[:10], denoising_errors(denoiser, LATENTS[:10], no_condition, batch=3))
    assert not torch.allclose(whole, denoising_errors(denoiser, LATENTS, no_condition, seed=1))


def test_figures_are_named_as_in_the_log_of_training() -> None:
    named = dict(named_errors(torch.tensor([[1.0, 2.0], [3.0, 6.0]])))
    assert named == {"loss_simple": 3.0, "loss_q0": 2.0, "loss_q1": 4.0}


def test_it_can_be_stopped_between_batches() -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        denoising_errors(fresh(Parameterization.V), LATENTS, no_condition, poll=cancel.check)
