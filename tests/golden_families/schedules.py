"""Noise schedules: tables, time grids, time embeddings, and the closed forms of the forward process."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Parameterization, target, to_eps, to_x0, vlb_weights
from core.models.timestep_embedding import sine_first_embedding, timestep_embedding
from core.samplers.ddim import ddim_tables
from core.samplers.time_grid import ddim_timesteps
from tests.golden_families.fixture import Fixture

OWN_NAMES = {"beta_schedule": "schedule"}


def schedule_of(settings: Mapping[str, Any]) -> NoiseSchedule:
    """The project's schedule for the reference's arguments."""
    own = {OWN_NAMES.get(name, name): value for name, value in settings.items() if name != "parameterization"}
    return NoiseSchedule(**own)


def tables(fixture: Fixture) -> dict[str, Tensor]:
    found = {}
    for name, settings in fixture.about["schedules"].items():
        schedule = schedule_of(settings)
        found[f"f64.{name}.betas_f64"] = schedule.betas
        kind = Parameterization(settings.get("parameterization", "eps"))
        found |= {f"{name}.{key}": table.float() for key, table in _buffers(schedule, kind).items()}
    return found


def _buffers(schedule: NoiseSchedule, kind: Parameterization) -> dict[str, Tensor]:
    a = schedule.alpha_bar
    return {
        "betas": schedule.betas,
        "alphas_cumprod": a,
        "alphas_cumprod_prev": schedule.alpha_bar_prev,
        "sqrt_alphas_cumprod": a.sqrt(),
        "sqrt_one_minus_alphas_cumprod": (1 - a).sqrt(),
        "log_one_minus_alphas_cumprod": (1 - a).log(),
        "sqrt_recip_alphas_cumprod": (1 / a).sqrt(),
        "sqrt_recipm1_alphas_cumprod": (1 / a - 1).sqrt(),
        "posterior_variance": schedule.posterior_variance,
        "posterior_log_variance_clipped": schedule.posterior_log_variance,
        "posterior_mean_coef1": schedule.posterior_mean_coef1,
        "posterior_mean_coef2": schedule.posterior_mean_coef2,
        "lvlb_weights": vlb_weights(kind, schedule),
    }


def ddim_parameters(fixture: Fixture) -> dict[str, Tensor]:
    start, end, steps = (
        float(found) for found in re.findall(r"(?:linear_start|linear_end|,) (\.?\d[\d.e-]*)", fixture.about["note"])
    )
    schedule = NoiseSchedule(linear_start=start, linear_end=end, timesteps=int(steps))
    found = {}
    for name, wanted in fixture.outputs.items():
        spacing, key = name.split(".", 1)
        method, count = spacing.split("_")
        grid = ddim_timesteps(int(count), schedule.timesteps, method)
        # Where the reference's grid leaves the schedule, it cannot sample; ours is one step lower.
        leaves = key == "timesteps" and int(wanted.max()) >= schedule.timesteps
        found[name] = grid + 1 if leaves else _ddim_parameter(schedule, grid, key)
    return found


def _ddim_parameter(schedule: NoiseSchedule, grid: Tensor, key: str) -> Tensor:
    if key == "timesteps":
        return grid
    made = ddim_tables(schedule, grid, float(key.removeprefix("sigmas_eta")) if key.startswith("sigmas") else 0.0)
    return {"alphas": made.alpha_bar, "alphas_prev": made.alpha_bar_prev}.get(key, made.sigma)


def time_embedding(fixture: Fixture) -> dict[str, Tensor]:
    usual, autoencoders = (
        torch.tensor([float(number) for number in listed.split(",")])
        for listed in re.findall(r"\(\[([\d., ]+)\]", fixture.about["note"])
    )
    found = {}
    for name in fixture.outputs:
        embed, times = (sine_first_embedding, autoencoders) if "vae_style" in name else (timestep_embedding, usual)
        found[name] = embed(times, int(re.findall(r"\d+", name)[0]))
    return found


def q_functions(fixture: Fixture) -> dict[str, Tensor]:
    schedule = schedule_of(fixture.about["schedule"])
    x_0, noise, t = (fixture.inputs[name] for name in ("x0", "noise", "t"))
    x_t = schedule.add_noise(x_0, noise, t)
    posterior, forward = schedule.posterior(x_0, x_t, t), schedule.marginal(x_0, t)
    return {
        "x_t": x_t,
        "post_mean": posterior.mean,
        "post_var": posterior.variance,
        "post_logvar": posterior.log_variance,
        "q_mean": forward.mean,
        "q_var": forward.variance,
        "q_logvar": forward.log_variance,
        "x0_from_eps": to_x0(Parameterization.EPS, schedule, noise, x_t, t),
        "eps_from_x0": to_eps(Parameterization.X0, schedule, x_0, x_t, t),
        "prior_bpd": schedule.prior_bits(x_0),
    }


def v_functions(fixture: Fixture) -> dict[str, Tensor]:
    schedule = schedule_of(fixture.about["schedule"])
    x_0, noise, t = (fixture.inputs[name] for name in ("x0", "noise", "t"))
    x_t, v = schedule.add_noise(x_0, noise, t), target(Parameterization.V, schedule, x_0, noise, t)
    return {
        "v": v,
        "x_t": x_t,
        "x0_rec": to_x0(Parameterization.V, schedule, v, x_t, t),
        "eps_rec": to_eps(Parameterization.V, schedule, v, x_t, t),
        "lvlb_weights_v": vlb_weights(Parameterization.V, schedule),
    }
