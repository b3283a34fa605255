"""What a run measures of itself while it trains: on its own held-out items, under the averaged weights."""

from __future__ import annotations

from core.diffusion.latent_diffusion import Autoencoder, Denoiser
from training.conditions.told import Told
from training.control import Poll
from training.data.training_set import TrainingSet
from training.evaluation.config import EvaluationConfig
from training.evaluation.denoising import denoising_errors, named_errors
from training.evaluation.generation import conditions_of
from training.evaluation.held_out import pictures
from training.evaluation.reconstruction import encode, likeness, rebuild
from training.perceptual.metric import make_metric


def evaluate_autoencoder(
    autoencoder: Autoencoder, held_out: TrainingSet, config: EvaluationConfig, poll: Poll
) -> dict[str, float]:
    """Return how well held-out pictures come back: psnr, ssim, and a perceptual distance under its network's name."""
    real = pictures(held_out.shown(config.count))
    metric = make_metric(config.perceptual, config.perceptual_folder)
    return likeness(rebuild(autoencoder, real, poll).images, real, metric)


def evaluate_denoiser(
    autoencoder: Autoencoder, denoiser: Denoiser, told: Told, held_out: TrainingSet, config: EvaluationConfig,
    poll: Poll,
) -> dict[str, float]:  # fmt: skip
    """Return the error on held-out latents: over all of the schedule, and over each quarter of it."""
    data = held_out.shown(config.count)
    latents = encode(autoencoder, pictures(data), poll)
    device = next(denoiser.module.parameters()).device
    conditions = conditions_of(told, data, config.seed, device)
    return dict(named_errors(denoising_errors(denoiser, latents, conditions, seed=config.seed, poll=poll)))
