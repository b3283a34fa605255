"""Constructor arguments read off shapes; the published models."""

from __future__ import annotations

from typing import Any

import pytest

from core.checkpoints.structure import autoencoder_arguments, unet_arguments
from core.checkpoints.zoo import FAMILIES, Family, family_of
from core.models.first_stages import make_first_stage
from core.models.unet import UNetModel
from core.models.weightless import weightless
from tests.core.checkpoints import published

# What shapes do not tell of each family but its public configuration says: attention, and what else is not plain.
ATTENTION: dict[str, dict[str, Any]] = {
    "Stable Diffusion XL base": {"attention_resolutions": [2, 4], "transformer_depth": [1, 2, 10]},
    "Stable Diffusion XL refiner": {"attention_resolutions": [2, 4], "transformer_depth": [1, 4, 4, 4]},
    "LDM faces or bedrooms (CelebA-HQ, FFHQ, LSUN)": {"attention_resolutions": [2, 4, 8]},
    "LDM churches (LSUN)": {
        "attention_resolutions": [1, 2, 4, 8], "use_scale_shift_norm": True, "resblock_updown": True,
    },
    "LDM ImageNet by class (vq-f4)": {"attention_resolutions": [2, 4, 8]},
    "LDM text-to-image 256": {"attention_resolutions": [2, 4, 8]},
    "LDM layout-to-image": {"attention_resolutions": [2, 4, 8], "transformer_depth": 3},
    "LDM inpainting": {"attention_resolutions": [2, 4, 8], "resblock_updown": True},
    "LDM super-resolution x4": {"attention_resolutions": [8]},
    "LDM semantic synthesis": {"attention_resolutions": []},
    "Stable Diffusion x4 upscaler": {
        "attention_resolutions": [2, 4, 8], "num_classes": 1000, "disable_self_attentions": [True, True, True, False],
    },
}  # fmt: skip
PLAIN_ATTENTION = {"attention_resolutions": [1, 2, 4]}
FIRST_STAGES = {
    "kl-f4": (3, [1, 2, 4], [], None),
    "kl-f8": (4, [1, 2, 4, 4], [], None),
    "kl-f16": (16, [1, 1, 2, 2, 4], [16], None),
    "kl-f32": (64, [1, 1, 2, 2, 4, 4], [16, 8], None),
    "vq-f4": (3, [1, 2, 4], [], 8192),
    "vq-f8": (4, [1, 2, 2, 4], [32], 16384),
    "vq-f16": (8, [1, 1, 2, 2, 4], [16], 16384),
}


def built(family: Family) -> UNetModel:
    """A published UNet, without memory for its weights."""
    arguments: dict[str, Any] = {
        "image_size": 32,
        "in_channels": family.inputs[0],
        "out_channels": 3 if family.inputs[0] in (3, 6, 7) and family.context is None else 4,
        "model_channels": family.channels,
        "num_res_blocks": 2,
        "channel_mult": family.mult,
        **family.heads,
        **ATTENTION.get(family.name, PLAIN_ATTENTION),
    }
    if family.context:
        linear = family.name.startswith("Stable Diffusion ") and not family.name.endswith(" 1")
        arguments |= {
            "use_spatial_transformer": True, "context_dim": family.context, "use_linear_in_transformer": linear,
        }  # fmt: skip
    with weightless():
        return UNetModel(**arguments)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_published_denoiser_is_told_by_its_shapes(family: Family) -> None:
    wanted = published.shapes(built(family).state_dict())
    arguments = unet_arguments(wanted)
    assert family_of(arguments) == family
    assert {name: arguments[name] for name in family.heads} == family.heads
    with weightless():
        assert published.shapes(UNetModel(**arguments).state_dict()) == wanted


@pytest.mark.parametrize("name", FIRST_STAGES)
def test_every_published_first_stage_is_told_by_its_shapes(name: str) -> None:
    z, mult, attention, entries = FIRST_STAGES[name]
    config = {
        "ch": 128, "out_ch": 3, "ch_mult": mult, "num_res_blocks": 2, "attn_resolutions": attention, "in_channels": 3,
        "resolution": 256, "z_channels": z, "double_z": entries is None,
    }  # fmt: skip
    codebook = {} if entries is None else {"n_embed": entries}
    with weightless():
        wanted = published.shapes(make_first_stage({"ddconfig": config, "embed_dim": z, **codebook}).state_dict())
        found = autoencoder_arguments(wanted)
        assert published.shapes(make_first_stage(found).state_dict()) == wanted
    assert found["ddconfig"]["attn_resolutions"] == attention
    assert found.get("n_embed") == entries


@pytest.mark.parametrize("attn_type", ["vanilla", "linear", "none"])
@pytest.mark.parametrize("resamp_with_conv", [True, False])
def test_variants_of_autoencoders_are_told(attn_type: str, resamp_with_conv: bool) -> None:
    config = {
        "ch": 32, "out_ch": 3, "ch_mult": [1, 2], "num_res_blocks": 1, "attn_resolutions": [128], "in_channels": 3,
        "resolution": 256, "z_channels": 2, "attn_type": attn_type, "resamp_with_conv": resamp_with_conv,
    }  # fmt: skip
    with weightless():
        wanted = published.shapes(make_first_stage({"ddconfig": config, "embed_dim": 2}).state_dict())
        again = make_first_stage(autoencoder_arguments(wanted))
    assert published.shapes(again.state_dict()) == wanted


def test_patches_of_pixels_are_told() -> None:
    config = {
        "ch": 32, "out_ch": 3, "ch_mult": [1, 2], "num_res_blocks": 1, "attn_resolutions": [], "in_channels": 3,
        "resolution": 64, "z_channels": 2, "patch_size": 4, "mid_attention": False,
    }  # fmt: skip
    with weightless():
        first = make_first_stage({"ddconfig": config, "embed_dim": 2})
        again = make_first_stage(autoencoder_arguments(published.shapes(first.state_dict())))
    assert again.factor == first.factor == 8


def test_weights_of_something_else_are_refused() -> None:
    with pytest.raises(KeyError):
        unet_arguments({"a": (1,)})
    with pytest.raises(KeyError):
        autoencoder_arguments({"a": (1,)})
