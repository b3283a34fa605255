"""Pictures for held-out conditions, each from noise of its own."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor

from core.diffusion.latent_diffusion import PURE_NOISE, Autoencoder, Denoiser, Latent
from core.diffusion.sampling import Guidance, denoise, make_time_grid
from core.randomness import NoiseSource, derived_seed
from training.conditions.batch import Batch
from training.conditions.told import Told
from training.control import Poll, nothing
from training.data.training_set import TrainingSet
from training.evaluation.config import EvaluationConfig
from training.evaluation.denoising import Conditions

BATCH = 32


def conditions_of(
    told: Told, data: TrainingSet, seed: int, device: torch.device, kinds: Collection[str] | None = None
) -> Conditions:  # fmt: skip
    """Return what makes the conditions of rows; what is random of them, such as masks, depends on seed and row.

    `kinds` are told and the others left out; None = all are told.
    """
    return lambda rows: told.made(batch_of(data, rows, seed), dropped(told, len(rows), kinds), device)


def dropped(told: Told, count: int, kinds: Collection[str] | None = None) -> Tensor:
    """Return which conditions of a batch are left out, those that are not among `kinds`, [parts, count]."""
    left_out = [kinds is not None and kind not in kinds for kind in told.parts]
    return torch.tensor(left_out, dtype=torch.bool)[:, None].expand(-1, count)


def batch_of(data: TrainingSet, rows: Tensor, seed: int) -> Batch:
    """Return rows that follow one another as a batch whose randomness depends on seed and row."""
    return Batch(data, rows, seed, "evaluation", first=int(rows[0]))


@torch.no_grad()
def generate(
    autoencoder: Autoencoder, denoiser: Denoiser, told: Told, data: TrainingSet, config: EvaluationConfig,
    poll: Poll = nothing, kinds: Collection[str] | None = None,
) -> Tensor:  # fmt: skip
    """Make a picture for each of the first `config.pictures` items, [n, 3, h, w] in [-1, 1].

    Of the conditions, `kinds` are told and the others left out; None = all are told.
    The noise of a row depends on the seed and the row, so that models are compared under the same noise.
    """
    space, grid = denoiser.space, make_time_grid(denoiser.schedule, config.steps)
    device = next(denoiser.module.parameters()).device
    conditions = conditions_of(told, data, config.seed, device, kinds)
    found = []
    for rows in torch.arange(min(config.pictures, len(data))).split(BATCH):
        seeds = tuple(derived_seed(config.seed, "picture", row) for row in rows.tolist())
        width, height = data.size(int(rows[0]))
        empty = torch.empty(len(rows), space.channels, *space.size(width, height))
        noise = Latent(NoiseSource(seeds)(empty), space, seeds, PURE_NOISE)
        null = told.null(batch_of(data, rows, config.seed), device) if config.guidance != 1 else None
        guidance = Guidance(positive=conditions(rows), negative=null, scale=config.guidance)
        made = denoise(
            denoiser, noise, grid, guidance, sampler=config.sampler, callback=lambda _: poll()
        )  # fmt: skip
        found.append(autoencoder.decode(made.values).cpu())
    return torch.cat(found)
