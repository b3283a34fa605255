"""Whole latent diffusion models: a checkpoint with its configuration, loaded as people's files are, then driven."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from core.checkpoints.build import Loader
from core.checkpoints.conditioners import load_conditioner
from core.checkpoints.diffusion_settings import schedule_of
from core.checkpoints.loading import known_prediction, load_first_stage
from core.checkpoints.source import ModelSource, open_model
from core.conditioning.conditioner import Conditioner
from core.conditioning.conditioning import Conditioning
from core.conditioning.inpainting import Inpainting
from core.conditioning.spatial import SpatialRescaler
from core.diffusion.latent_diffusion import Autoencoder, Denoiser, LatentSpace
from core.diffusion.latent_scale import unit_variance_scale
from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Model, Parameterization, target
from core.diffusion.patches import Patches, in_patches
from core.diffusion.quantized import with_quantized_x0
from core.imaging.image import Image
from core.imaging.mask import Mask
from core.imaging.semantic_map import SemanticMap
from core.models.autoencoder_kl import AutoencoderKL
from core.models.unet import UNetModel
from core.samplers.ddim import ddim
from core.samplers.ddpm import ddpm
from core.samplers.plms import plms
from core.samplers.time_grid import ddim_timesteps
from tests.golden_families.fixture import Fixture
from tests.golden_families.samplers import Draws
from training.losses.diffusion import DiffusionLoss, DiffusionObjective, diffusion_loss, step_weights


def whole_model(fixture: Fixture) -> dict[str, Tensor]:
    """Every output of the fixture, by its name."""
    with tempfile.TemporaryDirectory() as folder:
        case = Case(fixture, Path(folder))
        return {name: case.output(name).detach() for name in fixture.outputs}


def hybrid_wrapper(fixture: Fixture) -> dict[str, Tensor]:
    """The reference's wrapper around the UNet: lists of maps and of tokens."""
    unet = UNetModel(**fixture.about["unet_config"]["params"]).eval()
    unet.load_state_dict({name.removeprefix("diffusion_model."): t for name, t in fixture.weights.items()})
    given = fixture.inputs
    condition = Conditioning()
    for name, tensor in sorted(given.items()):
        if name.startswith("cc"):
            condition = condition.beside(Conditioning(concat=tensor))
        elif name.startswith("cr"):
            condition = condition.beside(Conditioning(tokens=tensor))
        elif name in ("y", "adm", "c_adm"):
            condition = condition.beside(Conditioning(vector=tensor))
    space = LatentSpace("fixture", given["x"].shape[1], 8)
    denoiser = Denoiser(unet, space, NoiseSchedule(), Parameterization.EPS)
    with torch.no_grad():
        return {"y": denoiser.output(given["x"], given["t"], condition)}


@dataclass
class Case:
    """One fixture's model, in a folder as a person would have it: weights with their configuration beside them."""

    fixture: Fixture
    folder: Path

    def __post_init__(self) -> None:
        self.given, self.about = self.fixture.inputs, self.fixture.about
        self.config: dict[str, Any] = self.about["config"]
        self.path = self.folder / "model.safetensors"
        save_file({name: tensor.contiguous() for name, tensor in self.fixture.weights.items()}, self.path)
        yaml = {"model": {"target": self.about["target"], "params": self.config}}
        self.path.with_suffix(".yaml").write_text(json.dumps(yaml), "utf-8")

    def output(self, name: str) -> Tensor:
        """Make one output."""
        if name.startswith("grad."):
            return self._gradient(name.removeprefix("grad."))
        if name in ("loss", "loss_simple", "loss_vlb", "loss_gamma"):
            return self._loss.total if name == "loss" else self._loss.terms[name]
        makers: dict[str, Callable[[], Tensor]] = {
            "z": lambda: self._latent,
            "c": lambda: one_of(self.condition),
            "cond": lambda: one_of(self.condition),
            "uc": lambda: one_of(cast(Conditioning, self.null)),
            "eps": lambda: self._predict(self.plain_denoiser, self.given["x_T"]),
            "eps_ema": lambda: self._predict(self.denoiser(ema=True), self.given["x_T"]),
            "samples": lambda: self._samples,
            "samples_ema": lambda: self._sample(ema=True),
            "samples_q": lambda: self._sample(quantized=True),
            "image": lambda: self._decode(self._samples),
            "decoded": lambda: self._decode(self._samples),
            "inpainted": self._inpainted,
            "rec": lambda: self._decode(self._latent),
            "scale_factor": lambda: torch.tensor(self.autoencoder.space.scale),
            "logvar": lambda: self.fixture.weights["logvar"].mean(),
            "eps_split": self._predicted_in_patches,
            "dec_split": lambda: self._decoded_in_patches,
            "enc_split": self._encoded_in_patches,
            "fold_norm": lambda: self.patches.overlap(*self.given["big"].shape[-2:]),
            "weights": lambda: self.patches.weights(*self.patches.counts(*self.given["big"].shape[-2:])),
        }
        with torch.no_grad():
            return makers[name]()

    # The parts, loaded by the program's own loader.

    @cached_property
    def source(self) -> ModelSource:
        return open_model(self.path, ema=False)

    @cached_property
    def conditioner(self) -> Conditioner:
        loader = Loader()
        conditioner = load_conditioner(self.source, loader)
        loader.read()
        return conditioner

    @cached_property
    def autoencoder(self) -> Autoencoder:
        loaded = load_first_stage(self.path)
        if self.config.get("scale_by_std"):
            scale = unit_variance_scale(self._encode(loaded))
            return replace(loaded, space=replace(loaded.space, scale=scale))
        return loaded

    def denoiser(self, *, ema: bool) -> Denoiser:
        source, loader = open_model(self.path, ema=ema), Loader()
        unet = loader(UNetModel, source.unet_arguments or {}, source.parts["unet"])
        loader.read()
        space = LatentSpace("fixture", unet.out_channels, 1)
        return Denoiser(unet, space, schedule_of(source), Parameterization(known_prediction(source).kind))

    @cached_property
    def plain_denoiser(self) -> Denoiser:
        return self.denoiser(ema=False)

    # Latents and conditions.

    def _encode(self, autoencoder: Autoencoder) -> Tensor:
        """Latents before scaling, [b, z, h, w]."""
        images = self._pixels()
        if isinstance(autoencoder.module, AutoencoderKL):
            posterior = autoencoder.module.encode(images)
            return posterior.mean + posterior.std * self.given["post_noise"]
        return autoencoder.module.latent(images)

    def _pixels(self) -> Tensor:
        """Pictures [b, 3, h, w] in [-1, 1]."""
        return self.given["image"] * 2 - 1 if "image" in self.given else self.given["x"]

    @cached_property
    def _latent(self) -> Tensor:
        return self._encode(self.autoencoder) * self.autoencoder.space.scale

    def _decode(self, latent: Tensor) -> Tensor:
        """Pictures [b, 3, h, w], beyond [-1, 1] too."""
        return self.autoencoder.decode_whole(latent)

    @cached_property
    def condition(self) -> Conditioning:
        given = self.given
        if "mask" in given:
            return Inpainting(self.autoencoder.encode).encode(Image(self._pixels()), Mask(given["mask"]))
        if "labels" in given and isinstance(self.conditioner, SpatialRescaler):
            return self.conditioner.encode(SemanticMap(given["labels"]))
        with torch.enable_grad():  # the loss reaches the conditioner too
            return self._of_items()

    def _of_items(self) -> Conditioning:
        items = next((self.given[name] for name in ("y", "tokens", "LR_image") if name in self.given), torch.empty(0))
        return cast(Conditioning, self.conditioner(items))

    @cached_property
    def null(self) -> Conditioning | None:
        if self.about.get("scale", 1.0) == 1.0:
            return None
        if "tokens" in self.given:
            return cast(Conditioning, self.conditioner(torch.zeros_like(self.given["tokens"])))
        return cast(Conditioning, self.conditioner(self.conditioner.null_items(self.given["y"])))

    # Predictions and the loss.

    def _predict(self, denoiser: Denoiser, noisy: Tensor) -> Tensor:
        return denoiser.output(noisy, self.given["t"], self.condition)

    @cached_property
    def _loss(self) -> DiffusionLoss:
        names = ("loss_type", "l_simple_weight", "original_elbo_weight", "logvar_init", "learn_logvar")
        objective = DiffusionObjective(**{name: self.config[name] for name in names if name in self.config})
        denoiser, t = self.plain_denoiser, self.given["t"]
        kind, schedule, noise = denoiser.parameterization, denoiser.schedule, self.given["noise"]
        wanted = target(kind, schedule, self._latent, noise, t)
        weights = step_weights(schedule, kind)
        predicted = self._predict(denoiser, schedule.add_noise(self._latent, noise, t))
        return diffusion_loss(predicted, wanted, t, weights, objective, self.fixture.weights.get("logvar"))

    def _gradient(self, name: str) -> Tensor:
        if name == "cond_emb":
            parameter: nn.Parameter = next(self.conditioner.parameters())
        else:
            parameter = self.plain_denoiser.module.get_parameter(name)
        if parameter.grad is None:
            self._loss.total.backward()
        assert parameter.grad is not None
        return parameter.grad

    # Samples.

    @cached_property
    def _samples(self) -> Tensor:
        return self._sample()

    def _sample(self, *, ema: bool = False, quantized: bool = False) -> Tensor:
        denoiser = self.denoiser(ema=True) if ema else self.plain_denoiser
        schedule, x = denoiser.schedule, self.given["x_T"]
        model: Model = denoiser.guided(self.condition, self.null, self.about.get("scale", 1.0))
        if quantized:
            model = with_quantized_x0(model, self.autoencoder)
        if "ddpm_noise" in self.given:
            noise = Draws(self.given["ddpm_noise"])
            clip = self.about.get("clip_denoised", False)
            return ddpm(model, x, schedule, torch.arange(schedule.timesteps), noise=noise, clip=clip)
        grid = ddim_timesteps(self.about["S"], schedule.timesteps)
        if self.about.get("sampler") == "PLMS":
            return plms(model, x, schedule, grid)
        noise = Draws(self.given.get("ddim_noise", torch.zeros(len(grid), *x.shape)))
        return ddim(model, x, schedule, grid, eta=self.about.get("eta", 0.0), noise=noise)

    def _inpainted(self) -> Tensor:
        """The painted part from the sample, the rest from the picture; both in [0, 1]."""
        made, mask = ((self._decode(self._samples) + 1) / 2).clamp(0, 1), self.given["mask"]
        return (1 - mask) * self.given["image"].clamp(0, 1) + mask * made

    # The reference's processing of large pictures in patches.

    @cached_property
    def patches(self) -> Patches:
        about = self.about["split_input_params"]
        return Patches(
            size=tuple(about["ks"]), stride=tuple(about["stride"]), tie_breaker=about["tie_braker"],
            least=about["clip_min_weight"], most=about["clip_max_weight"],
            least_tie=about["clip_min_tie_weight"], most_tie=about["clip_max_tie_weight"],
        )  # fmt: skip

    @property
    def _factor(self) -> int:
        return int(self.about["split_input_params"]["vqf"])

    def _predicted_in_patches(self) -> Tensor:
        def run(x: Tensor, small: Tensor) -> Tensor:
            t = self.given["t"].expand(len(x))
            return self.plain_denoiser.output(x, t, Conditioning(concat=small))

        return in_patches(run, self.patches, self.given["big"], self.given["LR_big"])

    @cached_property
    def _decoded_in_patches(self) -> Tensor:
        return in_patches(self._decode, self.patches, self.given["big"], factor=self._factor)

    def _encoded_in_patches(self) -> Tensor:
        patches = self.patches.scaled(self._factor)
        return in_patches(self.autoencoder.module.latent, patches, self._decoded_in_patches, factor=1 / self._factor)


def one_of(condition: Conditioning) -> Tensor:
    """The only part of a condition."""
    parts = [part for part in (condition.tokens, condition.concat, condition.vector) if part is not None]
    assert len(parts) == 1
    return parts[0]
