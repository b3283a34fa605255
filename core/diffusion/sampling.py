"""Sampling as people see it: a span of the noise schedule, and denoising along it.

Rombach et al. (arXiv 2112.10752), section 3.2; image-to-image by partial noising after Meng et al., "SDEdit"
(arXiv 2108.01073), section 3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from core.conditioning.conditioning import Conditioning
from core.diffusion.guidance import guided
from core.diffusion.latent_diffusion import PURE_NOISE, Denoiser, Latent
from core.diffusion.noise_schedule import NoiseSchedule
from core.errors import InputError
from core.randomness import NoiseSource
from core.samplers.ddim import ddim
from core.samplers.step_record import StepCallback
from core.samplers.time_grid import ddim_timesteps


@dataclass(frozen=True)
class TimeGrid:
    """The steps that sampling visits.

    Attributes:
        schedule: The forward process.
        steps: Increasing steps t, [S]; only the first of them where strength is below 1.
        strength: Share of the way to pure noise that the grid reaches, above 0 to 1.
    """

    schedule: NoiseSchedule
    steps: Tensor
    strength: float = 1.0

    def loom_summary(self) -> str:
        """Return a line for people."""
        return f"{len(self.steps)} steps from t = {int(self.steps[-1])}"


def make_time_grid(schedule: NoiseSchedule, steps: int, spacing: str = "uniform", strength: float = 1.0) -> TimeGrid:
    """Space `steps` over the schedule and keep the share `strength` of them, at least one."""
    grid = ddim_timesteps(steps, schedule.timesteps, spacing)
    return TimeGrid(schedule, grid[: max(1, int(strength * len(grid)))], strength)


def pure_noise(latent: Latent) -> Latent:
    """Replace the values of a latent by noise from its seeds."""
    noise = NoiseSource(latent.seeds)
    return replace(latent, values=noise(latent.values), level=PURE_NOISE)


def add_noise(latent: Latent, grid: TimeGrid) -> Latent:
    """Noise a clean latent to the start of the grid, with noise from its seeds.

    Raises:
        InputError: The latent is noisy already.
    """
    if latent.level is not None:
        raise InputError(
            "Noise cannot be added to a latent that is noisy already.",
            why="This latent did not come from Encode image.",
            fix="Connect the latent of Encode image.", port="latent",
        )  # fmt: skip
    t = int(grid.steps[-1])
    noise = NoiseSource(latent.seeds)(latent.values)
    values = grid.schedule.add_noise(latent.values, noise, torch.full((len(noise),), t, device=noise.device))
    return replace(latent, values=values, level=t)


@dataclass(frozen=True, kw_only=True)
class Guidance:
    """What the picture should show and should not, and how strongly.

    Attributes:
        positive: The condition, a batch of one.
        negative: The condition to move away from; None = no guidance.
        scale: s of classifier-free guidance; 1 = none.
    """

    positive: Conditioning
    negative: Conditioning | None = None
    scale: float = 1.0


def denoise(
    denoiser: Denoiser,
    latent: Latent,
    grid: TimeGrid,
    guidance: Guidance,
    *,
    eta: float = 0.0,
    callback: StepCallback | None = None,
    sampler: Callable[..., Tensor] = ddim,
) -> Latent:
    """Denoise a noisy latent along the grid; the result is clean.

    Raises:
        InputError: The latent is of another model, clean, or noised to another level than the grid's start.
    """
    _check_match(denoiser, latent, grid)
    device = next(denoiser.module.parameters()).device
    count = len(latent.values)
    positive = guidance.positive.repeated(count).to(device)
    negative = None if guidance.negative is None else guidance.negative.repeated(count).to(device)
    model = guided(denoiser.eps, positive, negative, guidance.scale)
    # The noise inside sampling must differ from the noise the latent began with.
    noise = NoiseSource([seed ^ 0x5DEECE66D for seed in latent.seeds])
    x = latent.values.to(device)
    values = sampler(model, x, denoiser.schedule, grid.steps, eta=eta, noise=noise, callback=callback)
    return replace(latent, values=values, level=None)


def _check_match(denoiser: Denoiser, latent: Latent, grid: TimeGrid) -> None:
    if latent.space != denoiser.space:
        raise InputError(
            f"This latent belongs to {latent.space.name}, the denoiser to {denoiser.space.name}.",
            why="A denoiser understands only the latents of the autoencoder that it was trained with.",
            fix="Connect the autoencoder and the denoiser of the same model.", port="latent",
        )  # fmt: skip
    start = int(grid.steps[-1])
    if latent.level is None:
        raise InputError(
            "This latent holds no noise to remove.", why="It came from Encode image.",
            fix="Put an Add noise node between, with the same time grid.", port="latent",
        )  # fmt: skip
    if latent.level == PURE_NOISE and grid.strength < 1:
        raise InputError(
            f"Denoising cannot start at strength {grid.strength:g} from pure noise.",
            why="A strength below 1 means that a part of a picture is kept, but there is none.",
            fix="Set the scheduler's strength to 1, or start from Encode image and Add noise.", port="time_grid",
        )  # fmt: skip
    if latent.level not in (PURE_NOISE, start):
        raise InputError(
            f"The latent is noised to step {latent.level}, but the time grid starts at {start}.",
            why="Add noise and Denoise are connected to different schedulers.",
            fix="Connect both to the same scheduler.", port="time_grid",
        )  # fmt: skip
