"""Latents and their spaces."""

from __future__ import annotations

import pytest
import torch

from core.conditioning.conditioning import Conditioning
from core.diffusion.latent_diffusion import Autoencoder, Denoiser, Latent, LatentSpace
from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Parameterization
from core.errors import InputError
from core.models.autoencoder_kl import AutoencoderKL
from core.models.unet import UNetModel

SPACE = LatentSpace("test", channels=2, factor=8, scale=0.5)


def test_sizes_count_in_cells() -> None:
    assert SPACE.size(512, 64) == (8, 64)


@pytest.mark.parametrize(
    ("width", "height", "port", "fix"),
    [(500, 64, "width", "496 or 504"), (64, 100, "height", "96 or 104"), (3, 64, "width", "8 or 16")],
)
def test_a_size_between_cells_names_its_neighbours(width: int, height: int, port: str, fix: str) -> None:
    with pytest.raises(InputError) as caught:
        SPACE.size(width, height)
    assert fix in caught.value.fix
    assert "multiples of 8" in caught.value.why
    assert caught.value.port == port


def test_encoding_scales_and_decoding_undoes_it() -> None:
    config = {
        "ch": 8, "out_ch": 3, "ch_mult": [1, 2], "num_res_blocks": 1, "attn_resolutions": [], "in_channels": 3,
        "resolution": 16, "z_channels": 2,
    }  # fmt: skip
    module = AutoencoderKL(config, 2).eval()
    plain, scaled = (Autoencoder(module, LatentSpace("test", 2, 2, scale)) for scale in (1.0, 0.25))
    image = torch.rand(1, 3, 16, 16) * 2 - 1
    torch.testing.assert_close(scaled.encode(image), plain.encode(image) * 0.25)
    decoded = scaled.decode(scaled.encode(image))
    torch.testing.assert_close(decoded, plain.decode(plain.encode(image)))
    assert not decoded.requires_grad
    assert float(decoded.abs().max()) <= 1


@pytest.mark.parametrize(("count", "text"), [(1, "1 latent of 2 × 3 × 4"), (2, "2 latents of 2 × 3 × 4")])
def test_a_latent_sums_itself_up(count: int, text: str) -> None:
    assert Latent(torch.zeros(count, 2, 3, 4), SPACE, (0,) * count).loom_summary() == text


@torch.no_grad()
def test_a_map_that_stretches_is_laid_on_latents_of_any_size() -> None:
    module = UNetModel(4, 5, 32, 2, 1, [], channel_mult=[1], num_heads=2).eval()
    denoiser = Denoiser(module, SPACE, NoiseSchedule(), Parameterization.V)
    x_t, t, shares = torch.randn(1, 2, 8, 6), torch.tensor([5]), torch.rand(1, 3, 4, 4)
    told = Conditioning(concat=shares, stretches=True)
    assert torch.equal(denoiser.output(x_t, t, told), denoiser.output(x_t, t, told.fitted(8, 6)))
    with pytest.raises(InputError, match="map is 4 × 4"):
        denoiser.output(x_t, t, Conditioning(concat=shares))
