"""Samplers, driven by the fixtures' small closed-form model."""

from __future__ import annotations

import torch
from torch import Tensor

from core.conditioning.conditioning import Conditioning
from core.diffusion.guidance import EpsModel, guided
from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Parameterization, to_eps
from core.samplers.ddim import ddim
from core.samplers.known_region import known_region
from core.samplers.step_record import StepRecord
from core.samplers.time_grid import ddim_timesteps
from tests.golden_families.fixture import Fixture
from tests.golden_families.schedules import schedule_of


class Draws:
    """Recorded noise, one after another, in place of a random source."""

    def __init__(self, recorded: Tensor) -> None:
        self._rows = iter(recorded)

    def __call__(self, like: Tensor) -> Tensor:
        return next(self._rows).to(like)


def eps_model(fixture: Fixture, schedule: NoiseSchedule, kind: Parameterization) -> EpsModel:
    """(t / 1000) x + 0.1 tanh(W x) + 0.1 (t / 1000) c, read as the fixture says, under guidance."""
    W = fixture.inputs["W"]

    def model(x: Tensor, t: Tensor, condition: Conditioning) -> Tensor:
        share, c = t.float().reshape(-1, 1, 1, 1) / 1000, condition.vector
        assert c is not None
        mixed = torch.tanh(torch.einsum("oc,bchw->bohw", W, x))
        prediction = share * x + 0.1 * mixed + 0.1 * share * c[:, :, None, None]
        return to_eps(kind, schedule, prediction, x, t)

    null = fixture.inputs.get("uc")
    without = None if null is None else Conditioning(vector=null)
    scale = fixture.about.get("unconditional_guidance_scale", 1.0)
    return guided(model, Conditioning(vector=fixture.inputs["c"]), without, scale)


def ddim_sampling(fixture: Fixture) -> dict[str, Tensor]:
    return _ddim(fixture, Parameterization.EPS)


def ddim_v_sampling(fixture: Fixture) -> dict[str, Tensor]:
    return _ddim(fixture, Parameterization.V)


def _ddim(fixture: Fixture, kind: Parameterization) -> dict[str, Tensor]:
    given = fixture.inputs
    schedule = schedule_of(fixture.about["schedule"])
    grid = ddim_timesteps(fixture.about["S"], schedule.timesteps)
    keep = None
    if "mask" in given:
        keep = known_region(schedule, given["x0"], given["mask"], Draws(given["q_noise"]))
    x, records = given["x_T"], list[StepRecord]()
    model = eps_model(fixture, schedule, kind)
    noise = Draws(given["noise"])
    x0 = ddim(model, x, schedule, grid, eta=fixture.about["eta"], noise=noise, before=keep, callback=records.append)
    found = {
        "x0": x0,
        "x_inter": torch.stack([x, *(record.x for record in records)]),
        "pred_x0": torch.stack([x, *(record.pred_x0 for record in records)]),
        "timesteps": grid,
    }
    return {name: found[name] for name in fixture.outputs}


def image_to_image(fixture: Fixture) -> dict[str, Tensor]:
    schedule = schedule_of(fixture.about["schedule"])
    grid, start = ddim_timesteps(fixture.about["S"], schedule.timesteps), fixture.about["t_enc"]
    x_0, noise = fixture.inputs["x0"], fixture.inputs["noise"]
    # The reference noises to the step after the last one that it visits.
    z = schedule.add_noise(x_0, noise, grid[start].repeat(len(x_0)))
    model = eps_model(fixture, schedule, Parameterization.EPS)
    return {"z_enc": z, "z_dec": ddim(model, z, schedule, grid[:start], noise=Draws(noise))}
