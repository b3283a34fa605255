"""A first stage begins with another's weights: it computes what the other does, and its codebook is in use at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from core.checkpoints.model_folder import load_autoencoder
from core.diffusion.latent_diffusion import Autoencoder, LatentSpace
from core.errors import InputError
from core.models.autoencoder_kl import AutoencoderKL
from core.models.vq_model import VQModel
from training.config import RunConfig, load_config
from training.data.opening import open_data
from training.data.training_set import TrainingSet
from training.data.watch import Watch
from training.first_stage_start import begin_with

SIZES = {
    "ch": 8, "ch_mult": [1, 2], "num_res_blocks": 1, "attn_resolutions": [], "in_channels": 3, "out_ch": 3,
    "resolution": 16, "z_channels": 3, "mid_attention": False,
}  # fmt: skip


@pytest.fixture
def pictures(config_file: Path, tmp_path: Path) -> TrainingSet:
    return open_data(load_config(config_file).data, tmp_path / "cache", Watch()).train


@pytest.fixture
def kl() -> Autoencoder:
    torch.manual_seed(1)
    module = AutoencoderKL(ddconfig=SIZES, embed_dim=2)
    return Autoencoder(module, LatentSpace("other", 2, module.factor, 1.0))


def vq(entries: int = 40, **changes: int) -> VQModel:
    return VQModel(ddconfig={**SIZES, "double_z": False, **changes}, embed_dim=2, n_embed=entries)


def test_a_codebook_model_computes_the_mean_and_the_pictures_of_a_kl_model(
    kl: Autoencoder, pictures: TrainingSet
) -> None:
    module = vq()
    begin_with(module, kl, pictures)
    images = torch.randn(2, 3, 16, 16)
    with torch.no_grad():
        latent = kl.module.latent(images)
        torch.testing.assert_close(module.latent(images), latent, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(module.decode(latent, force_not_quantize=True), kl.module.decode(latent))


def test_a_codebook_begins_with_latents_of_the_data(kl: Autoencoder, pictures: TrainingSet) -> None:
    module = vq(entries=300)
    begin_with(module, kl, pictures)
    shown = pictures.shown(len(pictures))
    images = torch.from_numpy(np.stack(list(shown.images(range(len(shown)))))).permute(0, 3, 1, 2) / 127.5 - 1
    with torch.no_grad():
        found = module.quantize(module.encode(images))
    assert len(found.indices.unique()) > 150


def test_a_codebook_of_the_same_size_is_kept(pictures: TrainingSet) -> None:
    module, trained = vq(), vq()
    begin_with(module, Autoencoder(trained, LatentSpace("other", 2, trained.factor, 1.0)), pictures)
    assert torch.equal(module.quantize.embedding.weight, trained.quantize.embedding.weight)


def test_decoders_of_other_sizes_are_refused(kl: Autoencoder, pictures: TrainingSet) -> None:
    with pytest.raises(InputError, match="cannot begin with other") as refused:
        begin_with(vq(ch=16), kl, pictures)
    assert "begins_from" in refused.value.fix


def test_a_run_begins_with_the_first_stage_that_its_configuration_names(
    train: Callable[..., Path], finished_run: Path
) -> None:  # fmt: skip
    before = finished_run / "models"
    run = train(
        name="further", phases='["first_stage"]', first_stage__begins_from=json.dumps(str(before)),
        first_stage__steps="1", first_stage__optimizer__lr="1e-9", first_stage__ema_decay="0.0",
    )  # fmt: skip
    config: RunConfig = load_config(run / "config.toml")
    assert config.first_stage.begins_from == str(before)
    encoders = [load_autoencoder(folder).module.state_dict() for folder in (run / "models", before)]
    names = [name for name in encoders[0] if name.startswith("encoder.")]
    assert all(torch.allclose(encoders[0][name], encoders[1][name], atol=1e-6) for name in names)
