"""The second stage's error on held-out data by time step, always with the same noise at the same times.

Rombach et al. (arXiv 2112.10752), equation 2. Training draws one time a sample, so its loss is noisy and says little
about where the error is; here every item is noised once in each of equal parts of the schedule.
Letters: n items, z latent channels, h and w the latent's size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from core.conditioning.conditioning import Conditioning
from core.diffusion.latent_diffusion import Denoiser
from core.diffusion.parameterization import target
from core.randomness import generator
from training.control import Poll, nothing

PARTS = 4
Conditions = Callable[[Tensor], Conditioning]
"""From the rows of items, [b], to their conditions."""


@torch.no_grad()
def denoising_errors(
    denoiser: Denoiser, latents: Tensor, conditions: Conditions, *, parts: int = PARTS, seed: int = 0, batch: int = 32,
    poll: Poll = nothing,
) -> Tensor:  # fmt: skip
    """Return the mean squared error of the network's prediction by item and part of the schedule, [n, parts].

    Args:
        denoiser: In evaluation mode.
        latents: Clean ones of unit variance, [n, z, h, w]; item i is row i.
        conditions: Makes the conditions of rows.
        parts: Equal parts of the schedule; the first is the one with least noise.
        seed: Decides noise and times, for each item and part by itself, whatever the batch.
        batch: Items at a time.
        poll: Called between batches; may raise to stop.
    """
    device = next(denoiser.module.parameters()).device
    found = []
    for rows in torch.arange(len(latents)).split(batch):
        condition = conditions(rows)
        by_part = []
        for part in range(parts):
            poll()
            x_0 = latents[rows].to(device)
            t, noise = (drawn.to(device) for drawn in _drawn(denoiser, x_0, rows, part, parts, seed))
            prediction = denoiser.output(denoiser.schedule.add_noise(x_0, noise, t), t, condition).float()
            wanted = target(denoiser.parameterization, denoiser.schedule, x_0, noise, t)
            by_part.append((prediction - wanted).square().mean(dim=(1, 2, 3)).cpu())
        found.append(torch.stack(by_part, dim=1))
    return torch.cat(found)


def _drawn(denoiser: Denoiser, x_0: Tensor, rows: Tensor, part: int, parts: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return times [b] within a part of the schedule, and noise like x_0."""
    steps = denoiser.schedule.timesteps
    first, beyond = part * steps // parts, (part + 1) * steps // parts
    streams = [generator(seed, "evaluation", row, part) for row in rows.tolist()]
    times = torch.cat([torch.randint(first, beyond, (1,), generator=stream) for stream in streams])
    return times, torch.stack([torch.randn(x_0.shape[1:], generator=stream) for stream in streams])


def named_errors(errors: Tensor) -> Iterator[tuple[str, float]]:
    """Name the mean of errors [n, parts] over all, and over each part, as the log of training does."""
    yield "loss_simple", float(errors.mean())
    for part, error in enumerate(errors.mean(dim=0).tolist()):
        yield f"loss_q{part}", error
