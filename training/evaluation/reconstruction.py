"""How well an autoencoder gives pictures back: the ceiling of every model in its latent space.

Rombach et al. (arXiv 2112.10752), table 8, gives PSNR, PSIM (a perceptual distance) and SSIM.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from core.diffusion.latent_diffusion import Autoencoder
from training.control import Poll, nothing
from training.evaluation.ssim import WINDOW, ssim
from training.losses.reconstruction import psnr
from training.perceptual.metric import PerceptualMetric

BATCH = 32


@dataclass(frozen=True)
class Rebuilt:
    """Latents [n, z, h/f, w/f] of unit variance, and the pictures that they decode to, [n, 3, h, w]."""

    latents: Tensor
    images: Tensor


def rebuild(autoencoder: Autoencoder, images: Tensor, poll: Poll = nothing) -> Rebuilt:
    """Encode pictures [n, 3, h, w] in [-1, 1] to their most probable latents, and decode these."""
    latents, decoded = encode(autoencoder, images, poll), []
    for part in latents.split(BATCH):
        poll()
        decoded.append(autoencoder.decode(part).cpu())
    return Rebuilt(latents, torch.cat(decoded))


def encode(autoencoder: Autoencoder, images: Tensor, poll: Poll = nothing) -> Tensor:
    """Return the most probable latents of pictures [n, 3, h, w] in [-1, 1], unit variance, on the CPU."""
    found = []
    for part in images.split(BATCH):
        poll()
        found.append(autoencoder.encode(part).cpu())
    return torch.cat(found)


@torch.no_grad()
def likeness(images: Tensor, real: Tensor, perceptual: PerceptualMetric | None) -> dict[str, float]:
    """Compare pictures with real ones, pair by pair, [n, 3, h, w] each: psnr (dB), ssim, and a perceptual distance.

    The distance is called perceptual_ and the network's name. Pictures smaller than SSIM's window have no ssim.
    """
    found = {"psnr": float(psnr(images, real).mean())}
    if min(images.shape[-2:]) >= WINDOW:
        parts = zip(images.split(BATCH), real.split(BATCH), strict=True)
        found["ssim"] = float(torch.cat([ssim(a, b) for a, b in parts]).mean())
    if perceptual is not None:
        parts = zip(images.split(BATCH), real.split(BATCH), strict=True)
        distances = torch.cat([perceptual.distance(a, b).flatten() for a, b in parts])
        found[f"perceptual_{perceptual.name}"] = float(distances.mean())
    return found
