"""Samplers, driven by the fixtures' small closed-form model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor

from core.conditioning.conditioning import Conditioning
from core.diffusion.guidance import guided
from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Model, Parameterization, predicting
from core.samplers.ddim import ddim
from core.samplers.ddim_inversion import ddim_inversion
from core.samplers.ddpm import ddpm
from core.samplers.dpm_solver_pp import dpmpp_2m
from core.samplers.known_region import BeforeStep, known_region
from core.samplers.plms import plms
from core.samplers.step_record import StepRecord
from core.samplers.time_grid import ddim_timesteps, time_grid
from tests.golden_families.fixture import Fixture
from tests.golden_families.schedules import schedule_of


class Draws:
    """Recorded noise, one after another, in place of a random source."""

    def __init__(self, recorded: Tensor, temperature: float = 1.0) -> None:
        self._rows, self._temperature = iter(recorded), temperature

    def __call__(self, like: Tensor) -> Tensor:
        return next(self._rows).to(like) * self._temperature


def model_of(fixture: Fixture, schedule: NoiseSchedule, time_scale: float = 1.0) -> Model:
    """(t / 1000) x + 0.1 tanh(W x) + 0.1 (t / 1000) c, read as the fixture says, under guidance."""
    W = fixture.inputs["W"]

    def output(x: Tensor, t: Tensor, condition: Conditioning) -> Tensor:
        share, c = time_scale * t.to(x).reshape(-1, 1, 1, 1) / 1000, condition.vector
        assert c is not None
        mixed = torch.tanh(torch.einsum("oc,bchw->bohw", W, x))
        return share * x + 0.1 * mixed + 0.1 * share * c[:, :, None, None]

    null = fixture.inputs.get("uc")
    without = None if null is None else Conditioning(vector=null)
    scale = fixture.about.get("unconditional_guidance_scale", 1.0)
    both = guided(output, Conditioning(vector=fixture.inputs["c"]), without, scale)
    return predicting(parameterization_of(fixture), schedule, both)


def parameterization_of(fixture: Fixture) -> Parameterization:
    """What the fixture's model predicts: named in its own entry, or in words."""
    about = fixture.about
    words = about["kind"] + about.get("model", "")
    named = "v" if "parameterization v" in words or "interpreted as v" in words else "eps"
    return Parameterization(about.get("parameterization", named))


def sampling(fixture: Fixture) -> dict[str, Tensor]:
    """Whatever the fixture's entry "kind" names."""
    kinds = {
        "stochastic_encode": image_to_image,
        "DDIMSampler.encode": inversion,
        "DDIMSampler": ddim_sampling,
        "PLMSSampler": plms_sampling,
        "DDPM": ddpm_sampling,
        "DPMSolverSampler": dpm_solver_sampling,
    }
    return next(adapter for words, adapter in kinds.items() if words in fixture.about["kind"])(fixture)


def ddim_sampling(fixture: Fixture) -> dict[str, Tensor]:
    noise = fixture.inputs.get("noise", torch.empty(0))
    draws = Draws(noise, fixture.about.get("temperature", 1.0))
    return _few_steps(fixture, partial(ddim, eta=fixture.about.get("eta", 0.0), noise=draws))


def plms_sampling(fixture: Fixture) -> dict[str, Tensor]:
    return _few_steps(fixture, plms)


def _few_steps(fixture: Fixture, sampler: Callable[..., Tensor]) -> dict[str, Tensor]:
    given, about = fixture.inputs, fixture.about
    schedule = schedule_of(about["schedule"])
    grid = ddim_timesteps(about["S"], schedule.timesteps, about.get("ddim_discretize", "uniform"))
    keep = None
    if "mask" in given:
        keep = known_region(schedule, given["x0"], given["mask"], Draws(given["q_noise"]))
    x, records = given["x_T"], list[StepRecord]()
    x0 = sampler(model_of(fixture, schedule), x, schedule, grid, before=keep, callback=records.append)
    found = {
        "x0": x0,
        "x_inter": torch.stack([x, *(record.x for record in records)]),
        "pred_x0": torch.stack([x, *(record.pred_x0 for record in records)]),
        "timesteps": grid,
    }
    return {name: found[name] for name in fixture.outputs}


def ddpm_sampling(fixture: Fixture) -> dict[str, Tensor]:
    schedule, records = schedule_of(fixture.about["schedule"]), list[StepRecord]()
    given, about = fixture.inputs, fixture.about
    model, noise = model_of(fixture, schedule), Draws(given["noise"], about.get("temperature", 1.0))
    keep = _kept_after(schedule, given) if "mask" in given else None
    x0 = ddpm(
        model, given["x_T"], schedule, torch.arange(schedule.timesteps), noise=noise,
        clip=about.get("clip_denoised", True), before=keep, callback=records.append,
    )  # fmt: skip
    found = {"x0": x0 if keep is None else keep(x0, -1), "x_all": torch.stack([record.x for record in records])}
    return {name: found[name] for name in fixture.outputs}


def _kept_after(schedule: NoiseSchedule, given: Mapping[str, Tensor]) -> BeforeStep:
    """The reference's whole process blends after each step, with the kept part noised as before it."""
    blend = known_region(schedule, given["x0"], given["mask"], Draws(given["q_noise"]))
    last = schedule.timesteps - 1
    return lambda x, t: x if t == last else blend(x, t + 1)


def dpm_solver_sampling(fixture: Fixture) -> dict[str, Tensor]:
    schedule = schedule_of(fixture.about["schedule"])
    # The reference tells the model a time out of 1000, whatever T is.
    model = model_of(fixture, schedule, time_scale=1000 / schedule.timesteps)
    grid = time_grid(schedule, fixture.about["S"], "linspace")
    return {"x0": dpmpp_2m(model, fixture.inputs["x_T"], schedule, grid)}


def image_to_image(fixture: Fixture) -> dict[str, Tensor]:
    schedule = schedule_of(fixture.about["schedule"])
    grid, start = ddim_timesteps(fixture.about["S"], schedule.timesteps), fixture.about["t_enc"]
    x_0, noise = fixture.inputs["x0"], fixture.inputs["noise"]
    # The reference noises to the step after the last one that it visits.
    z = schedule.add_noise(x_0, noise, grid[start].repeat(len(x_0)))
    model = model_of(fixture, schedule)
    fresh = Draws(fixture.inputs.get("dec_noise", torch.empty(0)))
    return {"z_enc": z, "z_dec": ddim(model, z, schedule, grid[:start], eta=fixture.about.get("eta", 0.0), noise=fresh)}


def inversion(fixture: Fixture) -> dict[str, Tensor]:
    schedule, steps = schedule_of(fixture.about["schedule"]), fixture.about["t_enc"]
    grid = ddim_timesteps(fixture.about["S"], schedule.timesteps)[:steps]
    # The reference tells the model the number of the step in place of its time.
    told = torch.arange(steps)
    return {"x_enc": ddim_inversion(model_of(fixture, schedule), fixture.inputs["x"], schedule, grid, told=told)}
