"""The autoencoder's convolutional halves: sizes, options, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from core.models.autoencoder_kl import AutoencoderKL
from core.models.encoder_decoder import (
    AsymmetricDownsample,
    AttnBlock,
    Decoder,
    Encoder,
    LinearAttnBlock,
    NearestUpsample,
    normalize,
)

SMALL: dict[str, Any] = {
    "ch": 8, "out_ch": 3, "ch_mult": [1, 2], "num_res_blocks": 1, "attn_resolutions": [16], "in_channels": 3,
    "resolution": 32, "z_channels": 2,
}  # fmt: skip


def test_folded_pixels_raise_the_factor() -> None:
    model = AutoencoderKL(SMALL | {"patch_size": 4}, embed_dim=3)
    assert model.factor == 8
    with torch.no_grad():
        posterior = model.encode(torch.randn(1, 3, 32, 48))
        assert posterior.mean.shape == (1, 3, 4, 6)
        assert model.decode(posterior.mean).shape == (1, 3, 32, 48)


def test_a_decoder_may_be_wider_than_the_encoder() -> None:
    model = AutoencoderKL(SMALL, embed_dim=2, decoder_config={"ch": 16})
    assert model.encoder.conv_in.out_channels == 8
    assert model.decoder.last_layer.shape == (3, 16, 3, 3)


@pytest.mark.parametrize(("attn_type", "parts"), [("vanilla", 2), ("linear", 2), ("none", 0)])
def test_attention_stands_at_its_resolution_and_in_the_middle(attn_type: str, parts: int) -> None:
    encoder = Encoder(**SMALL, attn_type=attn_type)
    assert sum(isinstance(module, AttnBlock | LinearAttnBlock) for module in encoder.modules()) == parts
    assert encoder(torch.randn(1, 3, 32, 32)).shape == (1, 4, 16, 16)


def test_linear_attention_over_one_pixel_gives_its_value_scaled_by_its_own_match() -> None:
    block, x = LinearAttnBlock(4), torch.randn(2, 4, 1, 1)
    # With one key the softmax is 1 in every channel, so the context is v times ones.
    q, _, v = block.to_qkv(x).chunk(3, dim=1)
    torch.testing.assert_close(block(x), block.to_out(v * q.sum(1, keepdim=True)))


def test_resampling_without_convolutions_averages_and_repeats() -> None:
    x = torch.randn(1, 4, 4, 4)
    down, up = AsymmetricDownsample(4, with_conv=False), NearestUpsample(4, with_conv=False)
    assert not list(down.parameters()) + list(up.parameters())
    torch.testing.assert_close(down(up(x)), x)
    for half in (Encoder, Decoder):
        names = half(**SMALL, resamp_with_conv=False).state_dict()
        assert not [name for name in names if "sample" in name]


def test_an_unknown_kind_of_attention_is_named() -> None:
    with pytest.raises(ValueError, match=r"attn_type must be one of vanilla, .*, none; got 'flash'"):
        Encoder(**SMALL, attn_type="flash")


@pytest.mark.parametrize(("channels", "groups"), [(64, 32), (48, 24), (8, 8), (7, 1)])
def test_norms_fit_any_width(channels: int, groups: int) -> None:
    assert normalize(channels).num_groups == groups


@torch.no_grad()
def test_the_ends_of_the_decoder_can_be_chosen() -> None:
    torch.manual_seed(3)
    z, plain = torch.randn(1, 2, 4, 4), Decoder(**SMALL).eval()
    made = {}
    for option in ("tanh_out", "give_pre_end"):
        decoder = Decoder(**SMALL, **{option: True}).eval()
        decoder.load_state_dict(plain.state_dict())
        made[option] = decoder(z)
    torch.testing.assert_close(made["tanh_out"], plain(z).tanh())
    assert made["give_pre_end"].shape == (1, 8, 8, 8)
    ended = plain.conv_out(torch.nn.functional.silu(plain.norm_out(made["give_pre_end"])))
    torch.testing.assert_close(ended, plain(z))


def test_older_and_newer_names_of_attention_are_known() -> None:
    names = {
        spelling: [type(part) for part in Encoder(**SMALL, **settings).modules()]
        for spelling, settings in {
            "plain": {}, "kernel": {"attn_type": "vanilla-xformers"},
            "old": {"use_linear_attn": True}, "linear": {"attn_type": "linear"},
        }.items()
    }  # fmt: skip
    assert names["kernel"] == names["plain"] != names["linear"] == names["old"]
