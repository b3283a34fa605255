"""Stage 2: the denoiser in the latent space, with the conditioners that are trained jointly with it.

Rombach et al. (arXiv 2112.10752), section 3.2 and 3.3, equations 2 and 3; condition dropout for classifier-free
guidance after Ho and Salimans (arXiv 2207.12598), algorithm 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from core.checkpoints.conditioners import text_networks
from core.checkpoints.model_folder import save_autoencoder, save_diffusion
from core.diffusion.parameterization import target
from core.imaging.image import to_uint8
from core.models.compilation import compile_network
from core.randomness import NoiseSource, generator
from core.samplers.ddim import ddim
from core.samplers.time_grid import ddim_timesteps
from training.conditions.batch import Batch
from training.config import RunConfig
from training.control import Poll
from training.data.latent_cache import Latents
from training.data.training_set import TrainingSet
from training.denoiser_setup import DenoiserSetup
from training.evaluation.in_run import evaluate_denoiser
from training.lora import attach, save_lora
from training.losses.diffusion import DiffusionLoss, diffusion_loss, errors_by_time, step_weights, with_offset
from training.phase import autocast, tile

SHOWN = 16
MEASURED = 64
COLUMNS = 8


class SecondStage:
    """The diffusion phase; see `training.phase.Phase`.

    Attributes:
        denoiser: What learns, on the device of the phase.
        told: What it is told.
    """

    name = "second_stage"

    def __init__(
        self, run: RunConfig, setup: DenoiserSetup, latents: Latents, data: TrainingSet, held_out: TrainingSet,
        device: torch.device,
    ) -> None:  # fmt: skip
        self.run, self.config, self.latents = run, run.second_stage, latents
        self.data, self.held_out = data, held_out
        config, self.device, self._setup = self.config, device, setup
        self.steps, self.batch_size, self.parts = config.steps, config.batch_size, config.accumulate
        self.ema_decay, self.optimizer, self.precision = config.ema_decay, config.optimizer, config.precision
        self.order = data.order(run.seed + 2, config.batch_size, cached=True)
        self.autoencoder, self.denoiser, self.told = setup.autoencoder, setup.denoiser, setup.told
        self.autoencoder.module.to(device)
        self.module = self._what_learns()
        schedule, kind = self.denoiser.schedule, self.denoiser.parameterization
        if config.objective.learn_logvar:
            variances = torch.full((schedule.timesteps,), config.objective.logvar_init, device=device)
            self.module.register_parameter("logvar", nn.Parameter(variances))
        self._weights = step_weights(schedule, kind, config.min_snr_gamma)
        self.held_out = held_out
        self.shown = Batch(held_out, torch.arange(min(SHOWN, len(held_out))), run.seed, self.name, "shown")
        unet = self.denoiser.module
        self.blocks: Sequence[nn.Module] = (*unet.input_blocks, unet.middle_block, *unet.output_blocks, unet)
        if config.compiled:
            compile_network(unet)

    @property
    def critic(self) -> None:
        """None: nothing learns against the denoiser."""
        return None

    def loss(self, step: int, part: int = 0) -> tuple[Tensor, dict[str, Tensor]]:
        """The denoising error of a part of the step's latents at random times.

        What is random of a sample does not depend on the number of parts.
        """
        config, schedule = self.config, self.denoiser.schedule
        rows = self.order.batch(step)
        stream = generator(self.run.seed, self.name, step)
        whole = self.latents[rows]
        drop = self._dropped(len(rows), step, stream)
        t = torch.randint(0, schedule.timesteps, (len(rows),), generator=stream)
        noise = with_offset(torch.randn(whole.shape, generator=stream), config.objective.offset_noise, stream)
        size = len(rows) // self.parts
        here = slice(part * size, (part + 1) * size)
        x_0, noise, t = (values[here].to(self.device) for values in (whole, noise, t))
        batch = Batch(self.data, rows[here], self.run.seed, self.name, step, first=part * size)
        result = self._errors(x_0, noise, t, batch, drop[:, here])
        return result.total, result.terms | errors_by_time(result.errors, t, schedule.timesteps)

    @torch.no_grad()
    def sample_grid(self, poll: Poll) -> np.ndarray:
        """Pictures under held-out conditions, beside what of them can be seen; always with the same noise."""
        batch, count = self.shown, len(self.shown)
        nothing_dropped = torch.zeros(len(self.told.parts), count, dtype=torch.bool)
        condition, null = self.told.made(batch, nothing_dropped, self.device), self.told.null(batch, self.device)
        noise = NoiseSource(range(count))
        x = noise(torch.empty(count, *self.latents.shape[1:], device=self.device))
        model = self.denoiser.guided(condition, null, 2.0)
        schedule = self.denoiser.schedule
        grid = ddim_timesteps(min(20, schedule.timesteps), schedule.timesteps)
        z = ddim(model, x, schedule, grid, noise=noise, callback=lambda _: poll())
        columns = [*self.told.pictures(batch), to_uint8(self.autoencoder.decode(z))]
        in_turn = np.stack(columns, axis=1).reshape(-1, *columns[0].shape[1:])
        return tile(in_turn, COLUMNS // len(columns) * len(columns))

    @torch.no_grad()
    def held_out_loss(self, poll: Poll) -> float:
        """The denoising error of held-out latents, with noise and times that never change."""
        held, schedule, kind = self.held_out, self.denoiser.schedule, self.denoiser.parameterization
        count, stream = min(len(held), MEASURED), generator(0, self.name, "held out")
        times = (torch.arange(count) * schedule.timesteps + schedule.timesteps // 2) // count
        error = 0.0
        for rows in torch.arange(count).split(SHOWN):
            poll()
            batch = Batch(held, rows, self.run.seed, self.name, "held out", first=int(rows[0]))
            x_0, t = self.autoencoder.encode(batch.pixels.to(self.device)), times[rows].to(self.device)
            noise = torch.randn(x_0.shape, generator=stream).to(self.device)
            nothing_dropped = torch.zeros(len(self.told.parts), len(rows), dtype=torch.bool)
            condition = self.told.made(batch, nothing_dropped, self.device)
            prediction = self.denoiser.output(schedule.add_noise(x_0, noise, t), t, condition)
            error += float((prediction - target(kind, schedule, x_0, noise, t)).square().mean()) * len(rows)
        return error / count

    def evaluate(self, poll: Poll) -> dict[str, float]:
        """Measure the denoising error of held-out latents, all of them at each part of the schedule."""
        return evaluate_denoiser(
            self.autoencoder, self.denoiser, self.told, self.held_out, self.run.evaluation, poll
        )  # fmt: skip

    def finish(self, models: Path, poll: Poll) -> None:
        """Save the denoiser and its conditioner, or what was learned beside them."""
        setup, config = self._setup, self.config
        if config.lora is not None:
            about = {"ss_network_dim": config.lora.rank, "base": Path(config.base).name, "run": self.run.name}
            save_lora(models / "lora.safetensors", dict(cast(nn.ModuleDict, self.module["lora"]).items()), about)
            return
        if setup.first_stage is not None:
            save_autoencoder(models, self.autoencoder, setup.first_stage)
        save_diffusion(models, self.denoiser, self.told.conditioner, setup.arguments)

    def _errors(self, x_0: Tensor, noise: Tensor, t: Tensor, batch: Batch, drop: Tensor) -> DiffusionLoss:
        """Compare what the denoiser says of noised latents with what it should."""
        config, denoiser = self.config, self.denoiser
        with autocast(config.precision, self.device):
            condition = self.told.made(batch, drop, self.device)
            prediction = denoiser.output(denoiser.schedule.add_noise(x_0, noise, t), t, condition)
        wanted = target(denoiser.parameterization, denoiser.schedule, x_0, noise, t)
        return diffusion_loss(prediction, wanted, t, self._weights, config.objective, self._logvar())

    def _what_learns(self) -> nn.ModuleDict:
        unet, config = self.denoiser.module, self.config
        if config.lora is None:
            return nn.ModuleDict({"unet": unet, "conditioners": self.told.trained})
        changes = attach(unet.eval(), "unet", config.lora)
        if config.base_text_learns:
            texts = text_networks(self.told.conditioner)
            changes |= attach(texts["text"].eval(), "text", config.lora)
        self.told.conditioner.requires_grad_(False)
        return nn.ModuleDict({"lora": nn.ModuleDict(changes)})

    def _dropped(self, count: int, step: int, stream: torch.Generator) -> Tensor:
        """Decide which parts of which samples' conditions are left out, [parts of the condition, count]."""
        kinds, share = len(self.told.parts), self.config.conditioning.part_dropout
        every = torch.rand(count, generator=stream) < self.config.condition_dropout
        apart = torch.rand(kinds, count, generator=generator(self.run.seed, self.name, "parts", step)) < share
        return every | apart

    def _logvar(self) -> Tensor | None:
        return self.module.get_parameter("logvar") if self.config.objective.learn_logvar else None
