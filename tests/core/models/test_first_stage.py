"""First stages: the VQ autoencoder, the identity, and what they share with the KL one."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from core.models.autoencoder_kl import AutoencoderKL
from core.models.first_stage import FirstStageModel, IdentityFirstStage
from core.models.first_stages import make_first_stage
from core.models.vq_model import VQModel

SMALL: dict[str, Any] = {
    "ch": 8, "out_ch": 3, "ch_mult": [1, 2], "num_res_blocks": 1, "attn_resolutions": [], "in_channels": 3,
    "resolution": 32, "z_channels": 3, "double_z": False,
}  # fmt: skip
CODES = {"n_embed": 16, "embed_dim": 2}


@pytest.fixture
def vq() -> VQModel:
    model = VQModel(SMALL, **CODES).eval()
    model.quantize.embedding.weight.data.normal_()
    return model


@torch.no_grad()
def test_the_quantizer_belongs_to_the_decoder(vq: VQModel) -> None:
    image = torch.rand(2, 3, 16, 24) * 2 - 1
    h = vq.encode(image)
    assert h.shape == (2, 2, 8, 12)
    quantized = vq.quantize(h)
    assert not torch.equal(h, quantized.values)
    torch.testing.assert_close(vq.decode(h), vq.decode(quantized.values, force_not_quantize=True))
    assert not torch.allclose(vq.decode(h), vq.decode(h, force_not_quantize=True), atol=1e-4)
    torch.testing.assert_close(vq.decode_code(quantized.indices, (2, 8, 12)), vq.decode(h))
    torch.testing.assert_close(vq(image)[0], vq.decode(h))


def test_training_reaches_encoder_and_codebook(vq: VQModel) -> None:
    decoded, quantized = vq(torch.rand(1, 3, 16, 16) * 2 - 1)
    (decoded.square().mean() + quantized.loss).backward()
    for weight in (vq.encoder.conv_in.weight, vq.quantize.embedding.weight, vq.decoder.last_layer):
        assert weight.grad is not None
        assert float(weight.grad.abs().max()) > 0


def test_the_arguments_tell_the_kind() -> None:
    assert isinstance(make_first_stage({"ddconfig": SMALL, **CODES}), VQModel)
    assert isinstance(make_first_stage({"ddconfig": SMALL | {"double_z": True}, "embed_dim": 2}), AutoencoderKL)
    assert isinstance(make_first_stage({"channels": 3}), IdentityFirstStage)


@pytest.mark.parametrize("levels", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("codes", [{}, {"n_embed": 4}])
@torch.no_grad()
def test_every_factor_of_the_paper_gives_back_the_size(levels: int, codes: dict[str, int]) -> None:
    ddconfig = SMALL | {"ch": 4, "ch_mult": [1] * levels, "double_z": not codes}
    model: FirstStageModel = make_first_stage({"ddconfig": ddconfig, "embed_dim": 5, **codes})
    assert model.factor == 2 ** (levels - 1)
    latent = model.latent(torch.zeros(1, 3, 64, 32))
    assert latent.shape == (1, 5, 64 // model.factor, 32 // model.factor)
    assert model.decode(latent).shape == (1, 3, 64, 32)


def test_pixels_can_be_their_own_latents() -> None:
    model, image = IdentityFirstStage(), torch.randn(1, 3, 5, 7)
    assert (model.factor, model.embed_dim) == (1, 3)
    assert torch.equal(model.decode(model.latent(image)), image)


@pytest.mark.parametrize(("double_z", "codes"), [(True, CODES), (False, {"embed_dim": 2})])
def test_moments_that_do_not_fit_the_kind_are_refused(double_z: bool, codes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=f"double_z must be {not double_z}"):
        make_first_stage({"ddconfig": SMALL | {"double_z": double_z}, **codes})


def test_label_maps_are_drawn_within_the_range_of_pictures() -> None:
    model = VQModel(SMALL | {"in_channels": 5, "out_ch": 5}, **CODES, colorize_nlabels=5)
    assert model.state_dict()["colorize"].shape == (3, 5, 1, 1)
    drawn = model.to_rgb(torch.randn(2, 5, 6, 6))
    assert drawn.shape == (2, 3, 6, 6)
    assert (float(drawn.min()), float(drawn.max())) == (-1, 1)
