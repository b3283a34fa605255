"""Predictions moved to a codebook while sampling."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from core.diffusion.latent_diffusion import Autoencoder, LatentSpace
from core.diffusion.parameterization import Prediction
from core.diffusion.quantized import with_quantized_x0
from core.errors import InputError
from core.models.first_stage import IdentityFirstStage
from core.models.vq_model import VQModel

CONFIG = {
    "ch": 32, "out_ch": 3, "ch_mult": [1], "num_res_blocks": 1, "attn_resolutions": [], "in_channels": 3,
    "resolution": 8, "z_channels": 2, "double_z": False,
}  # fmt: skip


def model(x_t: Tensor, t: Tensor) -> Prediction:
    return Prediction(x0=0.9 * x_t, eps=0.1 * x_t)


def test_clean_latents_lie_on_the_scaled_codebook_and_noise_stays() -> None:
    module = VQModel(CONFIG, n_embed=5, embed_dim=2)
    scale = 0.5
    autoencoder = Autoencoder(module, LatentSpace("vq", 2, 1, scale))
    x = torch.randn(1, 2, 4, 4, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        made = with_quantized_x0(model, autoencoder)(x, torch.tensor([3]))
    entries = scale * module.quantize.embedding.weight.detach()
    cells = made.x0.permute(0, 2, 3, 1).reshape(-1, 2)
    assert torch.cdist(cells, entries).min(dim=1).values.max() < 1e-6
    assert torch.equal(made.eps, 0.1 * x)


def test_an_autoencoder_without_a_codebook_is_told() -> None:
    with pytest.raises(InputError, match="no codebook"):
        with_quantized_x0(model, Autoencoder(IdentityFirstStage(), LatentSpace("pixels", 3, 1)))
