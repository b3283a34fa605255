"""Stage 2: the denoiser in the latent space, with its jointly trained text encoder.

Rombach et al. (arXiv 2112.10752), section 3.2 and 3.3, equations 2 and 3; condition dropout for classifier-free
guidance after Ho and Salimans (arXiv 2207.12598), algorithm 1.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from core.checkpoints.model_folder import save_diffusion
from core.conditioning.text import TextEncoder
from core.diffusion.latent_diffusion import Autoencoder, Denoiser
from core.diffusion.parameterization import target
from core.imaging.image import to_uint8
from core.models.text_transformer import BERTEmbedder
from core.models.unet import UNetModel
from core.randomness import NoiseSource, generator
from core.samplers.ddim import ddim
from core.samplers.time_grid import ddim_timesteps
from training.config import RunConfig
from training.data.latent_cache import Latents
from training.data.training_set import TrainingSet
from training.losses.diffusion import diffusion_loss, errors_by_time, step_weights, with_offset
from training.phase import autocast, tile
from training.tokenizer import train_tokenizer

SHOWN = 16


class SecondStage:
    """The diffusion phase; see `training.phase.Phase`."""

    name = "second_stage"

    def __init__(
        self, run: RunConfig, autoencoder: Autoencoder, latents: Latents, data: TrainingSet, held_out: TrainingSet
    ) -> None:
        self.run, self.config, self.autoencoder, self.latents = run, run.second_stage, autoencoder, latents
        config = self.config
        self.steps, self.batch_size = config.steps, config.batch_size
        self.ema_decay, self.optimizer = config.ema_decay, config.optimizer
        self.order = data.order(run.seed + 2, config.batch_size, cached=True)
        tokenizer = train_tokenizer(data.captions)
        transformer = BERTEmbedder(
            config.text.n_embed, config.text.n_layer, tokenizer.get_vocab_size(), config.text.max_seq_len
        )
        self.text = TextEncoder(tokenizer, transformer)
        space = autoencoder.space
        self.arguments = {
            "image_size": latents.shape[-1], "in_channels": space.channels, "out_channels": space.channels,
            "context_dim": config.text.n_embed, "num_classes": "sequential", "adm_in_channels": config.text.n_embed,
            "use_spatial_transformer": True, **config.unet,
        }  # fmt: skip
        unet = UNetModel(**self.arguments)
        self.denoiser = Denoiser(unet, space, config.schedule, config.parameterization)
        self.module = nn.ModuleDict({"unet": unet, "text": transformer})
        if config.objective.learn_logvar:
            variances = torch.full((config.schedule.timesteps,), config.objective.logvar_init)
            self.module.register_parameter("logvar", nn.Parameter(variances))
        self._weights = step_weights(config.schedule, config.parameterization, config.min_snr_gamma)
        self.ids = self.text.token_ids(data.captions)
        self.null = self.text.token_ids([""])[0]
        self.prompts = held_out.captions[:SHOWN]

    @property
    def critic(self) -> None:
        """None: nothing learns against the denoiser."""
        return None

    def loss(self, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """The denoising error of the step's latents at random times."""
        config, batch = self.config, self.order.batch(step)
        stream = generator(self.run.seed, self.name, step)
        x_0, ids = self.latents[batch], self.ids[batch]
        dropped = torch.rand(len(batch), generator=stream) < config.condition_dropout
        ids = torch.where(dropped[:, None], self.null, ids)
        t = torch.randint(0, config.schedule.timesteps, (len(batch),), generator=stream)
        noise = with_offset(torch.randn(x_0.shape, generator=stream), config.objective.offset_noise, stream)
        with autocast(config.precision):
            condition = self.text(ids)
            x_t = config.schedule.add_noise(x_0, noise, t)
            prediction = self.denoiser.module(x_t, t, context=condition.tokens, y=condition.vector)
        wanted = target(config.parameterization, config.schedule, x_0, noise, t)
        result = diffusion_loss(prediction, wanted, t, self._weights, config.objective, self._logvar())
        return result.total, result.terms | errors_by_time(result.errors, t, config.schedule.timesteps)

    def _logvar(self) -> Tensor | None:
        return self.module.get_parameter("logvar") if self.config.objective.learn_logvar else None

    @torch.no_grad()
    def sample_grid(self) -> np.ndarray:
        """Pictures for held-out captions, always with the same noise."""
        condition, null = self.text.encode(self.prompts), self.text.encode([""] * len(self.prompts))
        noise = NoiseSource(range(len(self.prompts)))
        x = noise(torch.empty(len(self.prompts), *self.latents.shape[1:]))
        model = self.denoiser.guided(condition, null, 2.0)
        schedule = self.config.schedule
        z = ddim(model, x, schedule, ddim_timesteps(20, schedule.timesteps), noise=noise)
        return tile(to_uint8(self.autoencoder.decode(z)), SHOWN // 2)

    def finish(self, models: Path) -> None:
        """Save the denoiser and its text encoder."""
        save_diffusion(models, self.denoiser, self.text, self.arguments)
