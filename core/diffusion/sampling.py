"""Sampling as people see it: a span of the noise schedule, and denoising along it.

Rombach et al. (arXiv 2112.10752), section 3.2; image-to-image by partial noising after Meng et al., "SDEdit"
(arXiv 2108.01073), section 3; keeping a part by masked blending, see `known_region`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from core.conditioning.conditioning import Conditioning
from core.diffusion.guidance import ALWAYS
from core.diffusion.image_guidance import ImageGuidance, image_guided
from core.diffusion.interpolation import slerp
from core.diffusion.kept_region import KeptRegion
from core.diffusion.latent_diffusion import PURE_NOISE, Denoiser, Latent, LatentSpace
from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Model
from core.diffusion.windows import Windows
from core.errors import InputError
from core.randomness import NoiseSource, derived_seed
from core.samplers.catalogue import SAMPLERS
from core.samplers.ddim_inversion import ddim_inversion
from core.samplers.known_region import known_region
from core.samplers.step_record import StepCallback
from core.samplers.stepping import times
from core.samplers.time_grid import time_grid


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

    @property
    def start(self) -> float:
        """The noisiest step; a whole one if the steps are."""
        start: float = self.steps[-1].item()
        return start

    def loom_summary(self) -> str:
        """Return a line for people."""
        return f"{len(self.steps)} steps from t = {self.start:g}"


def make_time_grid(schedule: NoiseSchedule, steps: int, spacing: str = "uniform", strength: float = 1.0) -> TimeGrid:
    """Space `steps` over the schedule and keep the share `strength` of them, at least one.

    Raises:
        InputError: A number of steps that the schedule or the spacing cannot have.
    """
    grid = time_grid(schedule, steps, spacing)
    fewest = 1 + int(float(grid[0]) == 0 and len(grid) > 1)  # step 0 alone would change nothing
    return TimeGrid(schedule, grid[: max(fewest, int(strength * len(grid)))], strength)


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
    noise = NoiseSource(latent.seeds)(latent.values)
    values = grid.schedule.add_noise(latent.values, noise, times(grid.start, noise))
    return replace(latent, values=values, level=grid.start)


@dataclass(frozen=True, kw_only=True)
class Guidance:
    """What the picture should show and should not, and how strongly.

    Attributes:
        positive: The condition, a batch of one.
        negative: The condition to move away from; None = no guidance.
        scale: s of classifier-free guidance; 1 = none.
        rescale: Share of guidance's rise in contrast that is taken back, 0 to 1.
        interval: Lowest and highest share t / T of the schedule with guidance, within 0 (data) to 1 (noise).
    """

    positive: Conditioning
    negative: Conditioning | None = None
    scale: float = 1.0
    rescale: float = 0.0
    interval: tuple[float, float] = (0.0, 1.0)


@torch.no_grad()
def denoise(
    denoiser: Denoiser,
    latent: Latent,
    grid: TimeGrid,
    guidance: Guidance,
    *,
    sampler: str = "ddim",
    eta: float = 0.0,
    keep: KeptRegion | None = None,
    image_guidance: ImageGuidance | None = None,
    windows: Windows | None = None,
    callback: StepCallback | None = None,
) -> Latent:
    """Denoise a noisy latent along the grid by one of `SAMPLERS`; the result is clean.

    Args:
        denoiser, latent, grid, guidance: What is denoised, along which steps, to what.
        sampler: Its name.
        eta: Fresh noise, 0 none to 1 as much as DDPM; for "ddim" only.
        keep: What stays as it is, for denoisers that were not trained to inpaint.
        image_guidance: Anything else that the picture is steered to; takes gradients through the network.
        windows: How to cut canvases larger than the network should see at once.
        callback: Called after each step; may raise to stop.

    Raises:
        InputError: The latent is of another model, clean, or noised to another level than the grid's start; or the
            kept region does not fit it.
    """
    _check_match(denoiser, latent, grid)
    device = next(denoiser.module.parameters()).device
    model = _model(denoiser, guidance, latent.values, device, windows)
    if image_guidance is not None:
        model = image_guided(model, denoiser.schedule, image_guidance)
    x, schedule = latent.values.to(device), denoiser.schedule
    noise, before = _noise(latent, "sample"), None
    if keep is not None:
        keep.check_fits(latent)
        known, mask = keep.latent.values.to(device).expand_as(x), keep.mask.to(device)
        before = known_region(schedule, known, mask, _noise(latent, "keep"))
    run = SAMPLERS[sampler].run
    values = run(model, x, schedule, grid.steps, eta=eta, noise=noise, before=before, callback=callback)
    if keep is not None:
        values = mask * known + (1 - mask) * values
    return replace(latent, values=values, level=None)


@torch.no_grad()
def invert(
    denoiser: Denoiser,
    latent: Latent,
    grid: TimeGrid,
    guidance: Guidance,
    *,
    callback: StepCallback | None = None,
) -> Latent:
    """Find the noise at the grid's start from which DDIM makes this clean latent, under the same guidance.

    Raises:
        InputError: The latent is of another model, or noisy.
    """
    _check_space(denoiser, latent)
    if latent.level is not None:
        raise InputError(
            "A noisy latent cannot be inverted.", why="Inversion starts from a finished picture.",
            fix="Connect the latent of Encode image.", port="latent",
        )  # fmt: skip
    device = next(denoiser.module.parameters()).device
    model = _model(denoiser, guidance, latent.values, device, None)
    values = ddim_inversion(model, latent.values.to(device), denoiser.schedule, grid.steps, callback=callback)
    return replace(latent, values=values, level=grid.start)


def interpolate(first: Latent, second: Latent, share: float) -> Latent:
    """Return the noise at `share` of the arc from one to another, 0 to 1; sampling adds the first's noise.

    Raises:
        InputError: They differ in size, space or level of noise.
    """
    if (first.values.shape, first.space, first.level) != (second.values.shape, second.space, second.level):
        raise InputError(
            f"{first.loom_summary()} and {second.loom_summary()} have nothing between them.",
            why="Only latents of the same model, size and level of noise do.",
            fix="Make both by Noise nodes with the same settings but the seed.", port="second",
        )  # fmt: skip
    return replace(first, values=slerp(first.values, second.values, share))


def windows_of(space: LatentSpace, pixels: int, overlap: float, on_window: Callable[[], None]) -> Windows | None:
    """Return windows whose side is `pixels` of the picture, in whole latent cells; None for 0."""
    return Windows(max(1, pixels // space.factor), overlap, on_window) if pixels else None


def _noise(latent: Latent, purpose: str) -> NoiseSource:
    """Return a source that differs from the noise that the latent began with, and from that of other purposes."""
    return NoiseSource([derived_seed(seed, purpose) for seed in latent.seeds])


def _model(
    denoiser: Denoiser, guidance: Guidance, latent: Tensor, device: torch.device, windows: Windows | None
) -> Model:
    def told(condition: Conditioning) -> Conditioning:
        # Fitted here to the whole canvas, of which windows cut their parts.
        return condition.whole().repeated(len(latent)).fitted(*latent.shape[-2:]).to(device)

    positive = told(guidance.positive)
    negative = None if guidance.negative is None else told(guidance.negative)
    low, high = (share * denoiser.schedule.timesteps for share in guidance.interval)
    interval = ALWAYS if guidance.interval == (0.0, 1.0) else (low, high)
    return denoiser.guided(
        positive, negative, guidance.scale, rescale=guidance.rescale, interval=interval, windows=windows
    )


def _check_space(denoiser: Denoiser, latent: Latent) -> None:
    if latent.space != denoiser.space:
        raise InputError(
            f"This latent belongs to {latent.space.name}, the denoiser to {denoiser.space.name}.",
            why="A denoiser understands only the latents of the autoencoder that it was trained with.",
            fix="Connect the autoencoder and the denoiser of the same model.", port="latent",
        )  # fmt: skip


def _check_match(denoiser: Denoiser, latent: Latent, grid: TimeGrid) -> None:
    _check_space(denoiser, latent)
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
    if latent.level not in (PURE_NOISE, grid.start):
        raise InputError(
            f"The latent is noised to step {latent.level:g}, but the time grid starts at {grid.start:g}.",
            why="Add noise and Denoise are connected to different schedulers.",
            fix="Connect both to the same scheduler.", port="time_grid",
        )  # fmt: skip
