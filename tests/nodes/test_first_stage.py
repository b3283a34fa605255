"""Encode and decode nodes: tiles as a setting, progress, cancelling, and VQ models."""

from __future__ import annotations

import pytest
import torch

from core.cancellation import CancelToken
from core.diffusion.latent_diffusion import Autoencoder, LatentSpace
from core.errors import Cancelled, InputError
from core.graph.run_context import RunContext
from core.imaging.image import Image
from core.models.tiling import Tiling
from core.models.vq_model import VQModel
from nodes.first_stage import decode_latent, encode_image
from nodes.load import ModelParts


@pytest.fixture
def picture() -> Image:
    stream = torch.Generator().manual_seed(4)
    return Image(torch.rand(1, 3, 64, 160, generator=stream) * 2 - 1)


def test_tiles_are_a_setting_and_reported(model: ModelParts, picture: Image) -> None:
    steps: list[tuple[int, int]] = []
    run = RunContext(on_step=lambda done, total, _: steps.append((done, total)))
    latent = encode_image(model.autoencoder, picture, tiles="always", tile_size=64, run=run)
    assert steps == [(1, 3), (2, 3), (3, 3)]
    steps.clear()
    tiled = decode_latent(model.autoencoder, latent, tiles="always", tile_size=64, run=run)
    assert steps == [(1, 3), (2, 3), (3, 3)]
    wanted = model.autoencoder.decode(latent.values, Tiling(when="always", size=64))
    torch.testing.assert_close(tiled.pixels, wanted)
    steps.clear()
    whole = decode_latent(model.autoencoder, latent, tiles="never", run=run)
    assert not steps
    assert not torch.equal(whole.pixels, tiled.pixels)


def test_cancelling_acts_within_one_tile(model: ModelParts, picture: Image) -> None:
    token, done = CancelToken(), list[int]()

    def on_step(step: int, total: int, preview: object | None) -> None:
        done.append(step)
        token.cancel()

    run = RunContext(cancel=token, on_step=on_step)
    with pytest.raises(Cancelled):
        encode_image(model.autoencoder, picture, tiles="always", tile_size=64, run=run)
    assert done == [1]


def test_a_vq_autoencoder_works_like_any_other(picture: Image) -> None:
    ddconfig = {
        "ch": 8, "out_ch": 3, "ch_mult": [1, 1], "num_res_blocks": 1, "attn_resolutions": [], "in_channels": 3,
        "resolution": 32, "z_channels": 2, "double_z": False,
    }  # fmt: skip
    module = VQModel(ddconfig, n_embed=8, embed_dim=2).eval()
    autoencoder = Autoencoder(module, LatentSpace("vq", channels=2, factor=2, scale=0.5))
    latent = encode_image(autoencoder, picture, run=RunContext())
    with torch.no_grad():
        torch.testing.assert_close(latent.values, module.encode(picture.pixels) * 0.5)
        wanted = module.decode(latent.values / 0.5).clamp(-1, 1)
    torch.testing.assert_close(decode_latent(autoencoder, latent, run=RunContext()).pixels, wanted)


def test_a_picture_of_no_fitting_size_is_sent_to_the_resize_node(model: ModelParts) -> None:
    photo = Image(torch.zeros(1, 3, 37, 64))
    with pytest.raises(InputError, match="Put a Resize image node before it, for example 64 x 40") as caught:
        encode_image(model.autoencoder, photo, run=RunContext())
    assert caught.value.port == "image"
