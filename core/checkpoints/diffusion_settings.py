"""The noise schedule that a denoiser was trained with, and the scale of its latents: from whatever tells them.

Single files often hold the schedule's tables; configurations hold the numbers that make them; else the published model
that the shapes belong to decides.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from core.checkpoints.source import ModelSource
from core.checkpoints.zoo import STABLE_DIFFUSION, Family
from core.diffusion.latent_diffusion import LatentSpace
from core.diffusion.noise_schedule import MOST_STEPS, SCHEDULES, NoiseSchedule
from core.errors import ModelFileError
from core.models.first_stage import FirstStageModel

# diffusers' names for what this project calls by the reference's.
_SCHEDULE_NAMES = {"scaled_linear": "linear", "linear": "sqrt_linear", "squaredcos_cap_v2": "cosine"}
_TOLERANCE = 1e-4  # relative; tables are stored in float32 or less
_NO_SIGNAL = 0.9995  # a last beta above it, as that of a cosine never is, leaves nothing of the data
_STABLE_DIFFUSION_BETAS = (0.00085, 0.012)


def schedule_of(source: ModelSource) -> NoiseSchedule:
    """Return the noise schedule of a model's denoiser.

    Raises:
        ModelFileError: The file holds a table of betas that no known schedule makes, or a configuration makes none.
    """
    table = _table(source)
    candidates = list(_candidates(source, table))
    if table is None:
        return candidates[0]
    for schedule in candidates:
        if torch.allclose(schedule.betas, table.double(), rtol=_TOLERANCE, atol=0.0):
            return schedule
    raise ModelFileError(
        f"The noise schedule in {source.file.path.name} is of a kind that this program does not know.",
        why=f"Its betas run from {table[0]:g} to {table[-1]:g} in {len(table)} steps, neither linear nor a cosine.",
        fix='Remove the tensor "betas" to use the schedule of the model\'s family.',
    )


def _table(source: ModelSource) -> Tensor | None:
    entry = source.file.entries.get("betas")
    if entry is None or len(entry.shape) != 1 or not 1 <= entry.count <= MOST_STEPS:
        return None
    return source.file.tensors(["betas"])["betas"].float()


def _candidates(source: ModelSource, table: Tensor | None) -> Iterator[NoiseSchedule]:
    """Give schedules to consider, most trusted first; the first has round numbers where they are published."""
    steps = 1000 if table is None else len(table)
    config, scheduler = source.config, source.settings.get("scheduler", {})
    marked = "ztsnr" in source.file.entries or (table is not None and float(table[-1]) > _NO_SIGNAL)
    zero_snr = marked or bool(scheduler.get("rescale_betas_zero_snr"))
    start, end = config.number("linear_start"), config.number("linear_end")
    if start is not None and end is not None:
        kind = config.params.get("beta_schedule", "linear")
        yield _stated(source, kind, start, end, config.number("timesteps") or steps)
    if "beta_start" in scheduler and "beta_end" in scheduler:
        kind = _SCHEDULE_NAMES.get(str(scheduler.get("beta_schedule", "linear")), "linear")
        betas, count = (scheduler["beta_start"], scheduler["beta_end"]), scheduler.get("num_train_timesteps", steps)
        yield _stated(source, kind, *betas, count, zero_terminal_snr=zero_snr)
    family: Family | None = source.family
    yield _schedule("linear", *(family.betas if family else _STABLE_DIFFUSION_BETAS), steps, zero_terminal_snr=zero_snr)
    if table is not None:
        for kind in SCHEDULES:
            start, end = _ends(kind, table)
            if 0 < start < 1 and 0 < end < 1:
                yield _schedule(kind, start, end, steps)


def _ends(kind: str, table: Tensor) -> tuple[float, float]:
    """Return the first and last beta as `make_betas` takes them."""
    first, last = float(table[0]), float(table[-1])
    return (first**2, last**2) if kind == "sqrt" else (first, last)


def _schedule(kind: str, start: float, end: float, steps: int, **more: Any) -> NoiseSchedule:
    return NoiseSchedule(schedule=kind, linear_start=start, linear_end=end, timesteps=steps, **more)


def _stated(source: ModelSource, kind: object, start: Any, end: Any, steps: Any, **more: Any) -> NoiseSchedule:
    """Make the schedule that a configuration states, whatever values it has."""
    try:
        return _schedule(str(kind), float(start), float(end), int(steps), **more)
    except (ArithmeticError, TypeError, ValueError) as error:
        raise ModelFileError(
            f"The configuration of {source.path.name} states no noise schedule that can be used.",
            why=f"{error}".rstrip(".") + ".",
            fix="Mend it or move it away; without one, the model's shapes tell what is needed.",
        ) from error


def space_of(source: ModelSource, module: FirstStageModel) -> LatentSpace:
    """Return the latent space of a model: shared by all models of a family that shares its first stage."""
    family = source.family
    scale = space_scale(source)
    name = family.space if family is not None and family.space else ""
    if not name:
        # A first stage by itself: Stable Diffusion's is told by its shape and scale.
        shared = family is None and (module.embed_dim, module.factor, scale) == (4, 8, 0.18215)
        name = STABLE_DIFFUSION if shared else source.path.stem
    return LatentSpace(name, module.embed_dim, module.factor, scale)


def space_scale(source: ModelSource) -> float:
    """Return the factor that gives a model's latents unit variance.

    Raises:
        ModelFileError: What tells it is no number above 0.
    """
    family = source.family
    if "scale_factor" in source.file.entries and source.file.entries["scale_factor"].count == 1:
        # Latents rescaled to unit variance by the first batch of the training.
        return _positive(source, source.file.tensors(["scale_factor"])["scale_factor"].item())
    configured = source.settings.get("vae", {}).get("scaling_factor")
    for value in (source.config.number("scale_factor"), configured):
        if value is not None:
            return _positive(source, value)
    if family is not None:
        return family.scale
    part = source.parts.get("autoencoder")
    quantized = part is not None and "quantize.embedding.weight" in part.shapes()
    return 1.0 if quantized or source.config.path else 0.18215


def _positive(source: ModelSource, scale: object) -> float:
    if not isinstance(scale, (int, float)) or not 0 < scale < math.inf:
        raise ModelFileError(
            f"The latents of {source.path.name} cannot be scaled by {scale!r}.",
            why="The factor that gives latents unit variance is a number above 0, such as 0.18215.",
            fix='Mend "scale_factor" in the file or its configuration, or "scaling_factor" in the folder of the vae.',
        )
    return float(scale)
