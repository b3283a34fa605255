"""The second stage's loss: weights by time step, the learned variance, offset noise; closed forms."""

from __future__ import annotations

import math

import pytest
import torch

from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Parameterization, min_snr_weight, vlb_weights
from training.losses.diffusion import (
    DiffusionObjective,
    StepWeights,
    diffusion_loss,
    errors_by_time,
    step_weights,
    with_offset,
)

SCHEDULE = NoiseSchedule()
STEPS = torch.tensor([10, 700])
# Errors of 1 and 3 at every value: squared errors 1 and 9.
TARGET = torch.zeros(2, 4, 3, 3)
PREDICTION = torch.tensor([1.0, -3.0]).view(2, 1, 1, 1).expand_as(TARGET)


def plain() -> StepWeights:
    return step_weights(SCHEDULE, Parameterization.EPS)


@pytest.mark.parametrize(("kind", "wanted"), [("l2", 5.0), ("l1", 2.0)])
def test_the_plain_loss_is_the_mean_error(kind: str, wanted: float) -> None:
    objective = DiffusionObjective(loss_type=kind)  # type: ignore[arg-type]
    result = diffusion_loss(PREDICTION, TARGET, STEPS, plain(), objective)
    assert float(result.total) == pytest.approx(wanted)
    assert float(result.terms["loss_simple"]) == pytest.approx(wanted)


@pytest.mark.parametrize("kind", list(Parameterization))
def test_min_snr_weighs_each_sample_by_its_step(kind: Parameterization) -> None:
    weights = step_weights(SCHEDULE, kind, 5.0)
    result = diffusion_loss(PREDICTION, TARGET, STEPS, weights, DiffusionObjective())
    wanted = (min_snr_weight(kind, SCHEDULE, STEPS, 5.0) * torch.tensor([1.0, 9.0])).mean()
    assert float(result.total) == pytest.approx(float(wanted))


def test_simple_and_variational_terms_add_up_with_their_weights() -> None:
    objective = DiffusionObjective(l_simple_weight=0.5, original_elbo_weight=0.25)
    result = diffusion_loss(PREDICTION, TARGET, STEPS, plain(), objective)
    vlb = vlb_weights(Parameterization.EPS, SCHEDULE)[STEPS] * torch.tensor([1.0, 9.0])
    assert float(result.terms["loss_vlb"]) == pytest.approx(float(vlb.mean()))
    assert float(result.total) == pytest.approx(0.5 * 5 + 0.25 * float(vlb.mean()), rel=1e-5)


def test_the_learned_variance_is_best_where_it_equals_the_error() -> None:
    logvar = torch.zeros(SCHEDULE.timesteps, requires_grad=True)
    with torch.no_grad():
        logvar[STEPS] = torch.tensor([0.0, math.log(9)])
    result = diffusion_loss(PREDICTION, TARGET, STEPS, plain(), DiffusionObjective(), logvar)
    result.total.backward()
    assert logvar.grad is not None
    assert float(logvar.grad.abs().max()) == pytest.approx(0, abs=1e-6)
    assert float(result.total.detach()) == pytest.approx(1 + math.log(9) / 2)


def test_a_fixed_variance_counts_for_every_step() -> None:
    result = diffusion_loss(PREDICTION, TARGET, STEPS, plain(), DiffusionObjective(logvar_init=math.log(2)))
    assert float(result.total) == pytest.approx(5 / 2 + math.log(2))


def test_errors_are_averaged_over_the_parts_of_the_schedule_that_occur() -> None:
    found = errors_by_time(torch.tensor([1.0, 3.0, 10.0]), torch.tensor([0, 249, 999]), 1000)
    assert {name: float(value) for name, value in found.items()} == {"loss_q0": 2.0, "loss_q3": 10.0}


def test_offset_noise_shifts_whole_channels() -> None:
    noise = torch.zeros(2000, 2, 2, 2)
    made = with_offset(noise, 0.3, torch.Generator().manual_seed(0))
    assert (made == made[:, :, :1, :1]).all()
    assert float(made[:, :, 0, 0].std()) == pytest.approx(0.3, rel=0.05)
    assert with_offset(noise, 0.0, torch.Generator()) is noise


def test_an_unknown_error_is_refused() -> None:
    with pytest.raises(ValueError, match="l1, l2; got 'huber'"):
        DiffusionObjective(loss_type="huber")  # type: ignore[arg-type]
