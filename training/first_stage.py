"""Stage 1: the autoencoder, or its decoder alone on the latents of a frozen encoder.

Rombach et al. (arXiv 2112.10752), section 3.1 and appendix G. Tuning the decoder on slightly noised latents makes it
forgiving of what the denoiser gives, and leaves the latent space, and so every denoiser in it, as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from core.checkpoints.model_folder import save_autoencoder
from core.diffusion.latent_diffusion import Autoencoder, LatentSpace
from core.diffusion.latent_scale import unit_variance_scale
from core.imaging.image import from_uint8, to_uint8
from core.models.autoencoder_kl import AutoencoderKL
from core.models.first_stage import ConvolutionalFirstStage, FirstStageModel
from core.models.vector_quantizer import Quantized
from core.models.vq_model import VQModel
from core.randomness import generator
from training.autoencoder_objective import AutoencoderObjective
from training.config import FirstStageConfig, RunConfig
from training.control import Poll, nothing
from training.data.latent_cache import Latents, batch_for
from training.data.training_set import TrainingSet
from training.evaluation.in_run import evaluate_autoencoder
from training.first_stage_start import begin_with
from training.losses.codebook_usage import codebook_usage
from training.phase import Critic, autocast, part_of, tile

SHOWN = 8
MEASURED = 256


class FirstStage:
    """The autoencoder phase; see `training.phase.Phase`."""

    name = "first_stage"

    blocks: Sequence[nn.Module] = ()

    def __init__(
        self, run: RunConfig, config: FirstStageConfig, data: TrainingSet, held_out: TrainingSet, device: torch.device,
        begins_from: Autoencoder | None = None, poll: Poll = nothing,
    ) -> None:  # fmt: skip
        """Build the networks, with first weights or those of `begins_from`; `poll` is called meanwhile."""
        self.device = device
        self.run, self.config, self.data, self.held_out = run, config, data, held_out
        self.steps, self.batch_size, self.parts = config.steps, config.batch_size, 1
        self.ema_decay, self.optimizer, self.precision = config.ema_decay, config.optimizer, config.precision
        self.feed = data.feed(data.order(run.seed, config.batch_size))
        # First weights are drawn on the CPU, so that they are the same on every device.
        module = make_autoencoder(config)
        if begins_from is not None:
            begin_with(module, begins_from, data, poll)
        self.module = module.to(device)
        self.objective = AutoencoderObjective(config, device)

    @property
    def critic(self) -> Critic | None:
        """The discriminator, if there is one."""
        return self.objective.critic

    def loss(self, step: int, part: int = 0) -> tuple[Tensor, dict[str, Tensor]]:
        """Reconstruction and regularizer of a part of the step's images; parts change nothing of what is random."""
        here = part_of(self.batch_size, part, self.parts)
        image = from_uint8(self.feed.images(step)[here]).to(self.device)
        usage: dict[str, Tensor] = {}
        with autocast(self.config.precision, self.device):
            if isinstance(self.module, VQModel):
                decoded, quantized = self.module(image)
                regularizer, usage = quantized.loss, self._usage(quantized)
            else:
                posterior = self.module.encode(image)
                shape, stream = posterior.mean.shape[1:], generator(self.run.seed, self.name, step)
                noise = torch.randn((self.batch_size, *shape), generator=stream, dtype=posterior.mean.dtype)[here]
                decoded = self.module.decode(posterior.mean + posterior.std * noise.to(self.device))
                regularizer = posterior.kl()
        last_layer = self.module.decoder.last_layer
        total, terms = self.objective.reconstruction(image, decoded.float(), step, last_layer, regularizer)
        return total, terms | usage

    def _usage(self, quantized: Quantized) -> dict[str, Tensor]:
        used = codebook_usage(quantized.indices, self.config.n_embed)
        return {"perplexity": used.perplexity, "clusters": used.clusters}

    @torch.no_grad()
    def sample_grid(self, poll: Poll) -> np.ndarray:
        """Held-out sources above their reconstructions."""
        poll()
        source = from_uint8(self.held_out.first(SHOWN)).to(self.device)
        decoded = self.module.decode(self.module.latent(source))
        return tile(np.concatenate([to_uint8(source), to_uint8(decoded)]), len(source))

    @torch.no_grad()
    def held_out_loss(self, poll: Poll) -> float:
        """The mean absolute error of held-out reconstructions, from their most probable latents."""
        return reconstruction_error(self.held_out, self.module, self.device, poll)

    def evaluate(self, poll: Poll) -> dict[str, float]:
        """Compare held-out reconstructions with their sources."""
        return evaluate_autoencoder(wrap(self.module, self.run.name, 1.0), self.held_out, self.run.evaluation, poll)

    def finish(self, models: Path, poll: Poll) -> None:
        """Measure the scale that gives latents unit variance (appendix G), and save."""
        latents = encode_first(self.module, self.data, self.config.scale_images, self.device, poll)
        scale = unit_variance_scale(latents)
        save_autoencoder(models, wrap(self.module, self.run.name, scale), arguments(self.config))


class DecoderTuning:
    """The decoder phase: the encoder stays as it is."""

    name = "decoder"
    blocks: Sequence[nn.Module] = ()

    def __init__(
        self, run: RunConfig, config: FirstStageConfig, autoencoder: Autoencoder, latents: Latents,
        data: TrainingSet, held_out: TrainingSet, device: torch.device,
    ) -> None:  # fmt: skip
        self.device = device
        self.run, self.config, self.data, self.held_out = run, config, data, held_out
        self.steps, self.batch_size, self.parts = config.steps, config.batch_size, 1
        self.ema_decay, self.optimizer, self.precision = config.ema_decay, config.optimizer, config.precision
        self.feed = data.feed(data.order(run.seed + 1, config.batch_size, cached=True))
        self.autoencoder, self.latents = autoencoder, latents
        self.module = cast(ConvolutionalFirstStage, autoencoder.module.to(device))
        for part in (self.module.encoder, self.module.quant_conv):
            part.requires_grad_(False)
        self.objective = AutoencoderObjective(config, device)
        self._held_out_latents = autoencoder.encode(from_uint8(held_out.first(SHOWN)))

    @property
    def critic(self) -> Critic | None:
        """The discriminator, if there is one."""
        return self.objective.critic

    def loss(self, step: int, part: int = 0) -> tuple[Tensor, dict[str, Tensor]]:
        """Reconstruction of a part of the step's images from noised latents."""
        image, z = from_uint8(self.feed.images(step)), self.latents[self.feed.rows(step)]
        stream = generator(self.run.seed, self.name, step)
        # Each sample has its own amount of noise, so that clean latents stay the commonest case.
        amount = self.config.latent_noise * torch.rand(len(z), 1, 1, 1, generator=stream)
        here = part_of(self.batch_size, part, self.parts)
        z, image = (
            whole[here].to(self.device) for whole in (z + amount * torch.randn(z.shape, generator=stream), image)
        )
        with autocast(self.config.precision, self.device):
            decoded = self.module.decode(z / self.autoencoder.space.scale)
        return self.objective.reconstruction(image, decoded.float(), step, self.module.decoder.last_layer)

    def sample_grid(self, poll: Poll) -> np.ndarray:
        """Held-out sources above their reconstructions."""
        poll()
        decoded = to_uint8(self.autoencoder.decode(self._held_out_latents))
        source = self.held_out.first(SHOWN)
        return tile(np.concatenate([source, decoded]), len(source))

    @torch.no_grad()
    def held_out_loss(self, poll: Poll) -> float:
        """The mean absolute error of held-out reconstructions."""
        return reconstruction_error(self.held_out, self.module, self.device, poll)

    def evaluate(self, poll: Poll) -> dict[str, float]:
        """Compare held-out reconstructions with their sources."""
        return evaluate_autoencoder(self.autoencoder, self.held_out, self.run.evaluation, poll)

    def finish(self, models: Path, poll: Poll) -> None:
        """Save the autoencoder with its tuned decoder."""
        save_autoencoder(models, self.autoencoder, arguments(self.config))


def make_autoencoder(config: FirstStageConfig) -> AutoencoderKL | VQModel:
    """Build the configured autoencoder, its weights drawn from torch's global stream."""
    return VQModel(**arguments(config)) if config.n_embed else AutoencoderKL(**arguments(config))


def arguments(config: FirstStageConfig) -> dict[str, Any]:
    """Return the constructor arguments of the configured autoencoder."""
    codes = {"n_embed": config.n_embed} if config.n_embed else {}
    return {
        "ddconfig": dict(config.ddconfig), "embed_dim": config.embed_dim, **codes,
        "decoder_config": dict(config.decoder_config),
    }  # fmt: skip


def wrap(module: AutoencoderKL | VQModel, name: str, scale: float) -> Autoencoder:
    """Give a network its latent space."""
    return Autoencoder(module, LatentSpace(name, module.embed_dim, module.factor, scale))


def reconstruction_error(data: TrainingSet, module: FirstStageModel, device: torch.device, poll: Poll) -> float:
    """Return the mean absolute error of the first pictures of `data`, in [-1, 1], over a limited number of them."""
    batch, count = batch_for(data.sizes[0]), min(len(data), MEASURED)
    error = 0.0
    for start in range(0, count, batch):
        poll()
        source = from_uint8(data.images(range(start, min(start + batch, count)))).to(device)
        error += float((module.decode(module.latent(source)) - source).abs().mean()) * len(source)
    return error / count


@torch.no_grad()
def encode_first(
    module: FirstStageModel, data: TrainingSet, count: int, device: torch.device, poll: Poll
) -> Tensor:  # fmt: skip
    """Encode the first `count` items, cut to squares, to their most probable latents [n, z, h/f, w/f], not rescaled.

    The module is on the device; the latents are on the CPU. `poll` is called between batches.
    """
    shown = data.shown(count)
    batch = batch_for(shown.sizes[0])
    rows, latents = range(len(shown)), []
    for start in rows[::batch]:
        poll()
        images = from_uint8(shown.images(rows[start : start + batch]))
        latents.append(module.latent(images.to(device)).cpu())
    return torch.cat(latents)
