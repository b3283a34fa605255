"""Two whole models with random weights, small and quick, installed as model folders."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from core.checkpoints import model_folder, model_library
from core.conditioning.text import TextEncoder
from core.diffusion.latent_diffusion import Autoencoder, Denoiser, LatentSpace
from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Parameterization
from core.models.autoencoder_kl import AutoencoderKL
from core.models.text_transformer import BERTEmbedder
from core.models.unet import UNetModel
from nodes.load import ModelParts, load_model
from training.tokenizer import train_tokenizer

AUTOENCODER = {
    "ddconfig": {
        "ch": 8, "out_ch": 3, "ch_mult": [1, 2], "num_res_blocks": 1, "attn_resolutions": [], "in_channels": 3,
        "resolution": 32, "z_channels": 2, "patch_size": 4, "mid_attention": False,
    },
    "embed_dim": 2,
}  # fmt: skip
UNET = {
    "image_size": 4, "in_channels": 2, "out_channels": 2, "model_channels": 32, "num_res_blocks": 1,
    "attention_resolutions": [1], "channel_mult": [1], "num_heads": 2, "use_spatial_transformer": True,
    "context_dim": 16, "num_classes": "sequential", "adm_in_channels": 16,
}  # fmt: skip


def randomized(module: nn.Module, seed: int) -> nn.Module:
    """Give every weight a value, as untrained networks have layers that are zero."""
    stream = torch.Generator().manual_seed(seed)
    for parameter in module.parameters():
        parameter.data.normal_(0, 0.15, generator=stream)
    return module.eval()


def install(folder: Path, seed: int) -> None:
    """Write a whole model folder."""
    space, schedule = LatentSpace(folder.name, channels=2, factor=8, scale=0.8), NoiseSchedule()
    autoencoder, unet = AutoencoderKL(**AUTOENCODER), UNetModel(**UNET)
    tokenizer = train_tokenizer(["a fox on a meadow", "two frogs in the snow"])
    transformer = BERTEmbedder(16, 1, tokenizer.get_vocab_size(), 12)
    for module in (autoencoder, unet, transformer):
        randomized(module, seed)
    denoiser = Denoiser(unet, space, schedule, Parameterization.V)
    model_folder.save_autoencoder(folder, Autoencoder(autoencoder, space), AUTOENCODER)
    model_folder.save_diffusion(folder, denoiser, TextEncoder(tokenizer, transformer), UNET)


@pytest.fixture(scope="session")
def installed_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the models "one" and "two"."""
    models = tmp_path_factory.mktemp("models")
    install(models / "one", 1)
    install(models / "two", 2)
    return models


@pytest.fixture(autouse=True)
def _only_these_models(installed_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_library, "SHIPPED", installed_models)


@pytest.fixture
def model(_only_these_models: None) -> ModelParts:
    """The parts of the model "one"."""
    return load_model(model="one")


@pytest.fixture
def other_model(_only_these_models: None) -> ModelParts:
    """The parts of the model "two"."""
    return load_model(model="two")
