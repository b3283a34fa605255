"""The samplers by name, called alike: those without fresh noise or without eta ignore what they have no use for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Model
from core.samplers.ddim import ddim
from core.samplers.ddpm import ddpm
from core.samplers.dpm_solver_pp import dpmpp_2m, dpmpp_2m_sde
from core.samplers.euler import euler, euler_ancestral
from core.samplers.heun import heun
from core.samplers.known_region import BeforeStep
from core.samplers.lcm import lcm
from core.samplers.plms import plms
from core.samplers.step_record import StepCallback
from core.samplers.stepping import Noise
from core.samplers.unipc import unipc


class FlowSampler(Protocol):
    """Solves the probability flow; the start decides the end."""

    def __call__(
        self,
        model: Model,
        x: Tensor,
        schedule: NoiseSchedule,
        grid: Tensor,
        /,
        *,
        before: BeforeStep | None,
        callback: StepCallback | None,
    ) -> Tensor:
        """Return the final latent, [b, c, h, w]."""  # fmt: skip


class NoisySampler(Protocol):
    """Adds fresh noise on the way."""

    def __call__(
        self,
        model: Model,
        x: Tensor,
        schedule: NoiseSchedule,
        grid: Tensor,
        /,
        *,
        noise: Noise,
        before: BeforeStep | None,
        callback: StepCallback | None,
    ) -> Tensor:
        """Return the final latent, [b, c, h, w]."""  # fmt: skip


class AnySampler(Protocol):
    """A sampler that is given everything that any sampler needs."""

    def __call__(
        self,
        model: Model,
        x: Tensor,
        schedule: NoiseSchedule,
        grid: Tensor,
        /,
        *,
        eta: float,
        noise: Noise,
        before: BeforeStep | None,
        callback: StepCallback | None,
    ) -> Tensor:
        """Return the final latent, [b, c, h, w]."""  # fmt: skip


@dataclass(frozen=True)
class Sampler:
    """A sampler as a person chooses it.

    Attributes:
        run: The sampler.
        help: What it is good for, in a few words.
        least: Fewer steps than these make poor pictures.
    """

    run: AnySampler
    help: str
    least: int = 1


def _flow(sampler: FlowSampler) -> AnySampler:
    def run(
        model: Model, x: Tensor, schedule: NoiseSchedule, grid: Tensor, /, *,
        eta: float, noise: Noise, before: BeforeStep | None, callback: StepCallback | None,
    ) -> Tensor:  # fmt: skip
        return sampler(model, x, schedule, grid, before=before, callback=callback)

    return run


def _noisy(sampler: NoisySampler) -> AnySampler:
    def run(
        model: Model, x: Tensor, schedule: NoiseSchedule, grid: Tensor, /, *,
        eta: float, noise: Noise, before: BeforeStep | None, callback: StepCallback | None,
    ) -> Tensor:  # fmt: skip
        return sampler(model, x, schedule, grid, noise=noise, before=before, callback=callback)

    return run


SAMPLERS = {
    "ddim": Sampler(ddim, "plain and dependable; eta adds fresh noise"),
    "ddpm": Sampler(_noisy(ddpm), "the process the model was trained for; wants hundreds of steps"),
    "plms": Sampler(_flow(plms), "as the first published models were sampled; 50 steps, at least 10", 10),
    "euler": Sampler(_flow(euler), "the simplest; 20 to 50 steps"),
    "euler_ancestral": Sampler(_noisy(euler_ancestral), "fresh noise at each step: more variety, never quite settles"),
    "heun": Sampler(_flow(heun), "exact, at two evaluations a step"),
    "dpmpp_2m": Sampler(_flow(dpmpp_2m), "exact in 15 to 25 steps, at least 6", 6),
    "dpmpp_2m_sde": Sampler(_noisy(dpmpp_2m_sde), "as dpmpp_2m, with fresh noise"),
    "unipc": Sampler(_flow(unipc), "exact in 8 to 20 steps, at least 5", 5),
    "lcm": Sampler(_noisy(lcm), "1 to 8 steps, for models distilled to it"),
}
