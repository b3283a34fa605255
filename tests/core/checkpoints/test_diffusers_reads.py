"""Folders written here open in diffusers, and its folders open here, with the same numbers.

Run with -m slow: importing the peer takes seconds, and full-size files gigabytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from core.checkpoints.conversion import write_folder, write_single_file
from core.checkpoints.loading import load_checkpoint
from core.checkpoints.weight_file import open_weights
from core.models.unet import UNetModel
from tests.core.checkpoints import files, published

pytestmark = pytest.mark.slow

VARIANTS: dict[str, dict[str, Any]] = {
    "Stable Diffusion 1": {},
    "Stable Diffusion 2": {
        "model_channels": 64, "num_heads": -1, "num_head_channels": 64, "use_linear_in_transformer": True,
        "legacy": False,
    },
    "Stable Diffusion XL": {
        "model_channels": 64, "num_heads": -1, "num_head_channels": 64, "use_linear_in_transformer": True,
        "legacy": False, "attention_resolutions": [2], "transformer_depth": [1, 2], "num_classes": "sequential",
        "adm_in_channels": 6 * 256 + 32,
    },
    "inpainting": {"in_channels": 9},
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_written_folder_gives_the_same_numbers_in_diffusers(tmp_path: Path, variant: str) -> None:
    from diffusers import AutoencoderKL, UNet2DConditionModel

    networks = files.small_networks()
    unet = networks["model.diffusion_model."] = files.randomized(UNetModel(**{**files.UNET, **VARIANTS[variant]}))
    save_file(files.single_state(networks), tmp_path / "one.safetensors")
    write_folder(tmp_path / "one.safetensors", tmp_path / "folder")
    peer = UNet2DConditionModel.from_pretrained(tmp_path / "folder" / "unet").eval()
    x, t, context = random(1, unet.in_channels, 8, 8), torch.tensor([400]), random(1, 7, 64, seed=1)  # type: ignore[arg-type]
    if unet.num_classes is None:
        theirs = peer(x, t, context).sample
        ours = unet(x, t, context)
    else:
        ids, pooled = torch.arange(6.0)[None], random(1, 32, seed=2)
        theirs = peer(x, t, context, added_cond_kwargs={"time_ids": ids, "text_embeds": pooled}).sample
        sizes = peer.add_time_proj(ids.flatten()).reshape(1, -1)
        ours = unet(x, t, context, torch.cat([pooled, sizes], dim=1))
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=0)
    first = networks["first_stage_model."]
    first_peer = AutoencoderKL.from_pretrained(tmp_path / "folder" / "vae").eval()
    z = random(1, 4, 8, 8)
    torch.testing.assert_close(first.decode(z), first_peer.decode(z).sample, atol=1e-4, rtol=0)  # type: ignore[operator]


def test_what_diffusers_writes_gives_the_same_numbers_here(tmp_path: Path) -> None:
    from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    torch.manual_seed(5)
    unet = UNet2DConditionModel(
        block_out_channels=(32, 64), down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), layers_per_block=1,
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"), cross_attention_dim=64, attention_head_dim=8,
    ).eval()  # fmt: skip
    vae = AutoencoderKL(
        block_out_channels=(32, 32), down_block_types=("DownEncoderBlock2D",) * 2, latent_channels=4,
        up_block_types=("UpDecoderBlock2D",) * 2, layers_per_block=1, scaling_factor=0.3,
    ).eval()  # fmt: skip
    config = CLIPTextConfig(hidden_size=64, intermediate_size=64, num_hidden_layers=1, num_attention_heads=1)
    text = CLIPTextModel(config).eval()
    scheduler = DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", prediction_type="v_prediction"
    )
    for name, part in (("unet", unet), ("vae", vae), ("text_encoder", text), ("scheduler", scheduler)):
        part.save_pretrained(tmp_path / name)
    model = load_checkpoint(tmp_path)
    assert (model.denoiser.parameterization, model.autoencoder.space.scale) == ("v", 0.3)
    torch.testing.assert_close(model.denoiser.schedule.alpha_bar.float(), scheduler.alphas_cumprod, atol=1e-6, rtol=0)
    x, t, context = random(1, 4, 8, 8), torch.tensor([400]), random(1, 7, 64, seed=1)
    torch.testing.assert_close(model.denoiser.module(x, t, context), unet(x, t, context).sample, atol=1e-4, rtol=0)
    torch.testing.assert_close(model.autoencoder.module.decode(x), vae.decode(x).sample, atol=1e-4, rtol=0)
    ids = torch.tensor([[49406, 320, 2368, 49407]])
    torch.testing.assert_close(model.conditioner(ids).tokens, text(input_ids=ids).last_hidden_state, atol=1e-4, rtol=0)


def test_a_full_size_file_of_random_weights_loads_and_comes_back_unchanged(tmp_path: Path) -> None:
    """Two gigabytes in half precision, mapped: memory beyond the file's own pages stays small."""
    stream, single = torch.Generator().manual_seed(7), {}
    for name, tensor in published.single_file("sd15").items():
        if tensor.is_floating_point() and name != "betas":
            single[name] = torch.empty(tensor.shape, dtype=torch.float16).uniform_(-0.1, 0.1, generator=stream)
    save_file(single, tmp_path / "one.safetensors")
    del single
    write_folder(tmp_path / "one.safetensors", tmp_path / "folder")
    write_single_file(tmp_path / "folder", tmp_path / "again.safetensors")
    one, again = open_weights(tmp_path / "one.safetensors"), open_weights(tmp_path / "again.safetensors")
    assert one.entries == again.entries
    for name in one.entries:
        assert torch.equal(one.tensors([name])[name], again.tensors([name])[name]), name
    model = load_checkpoint(tmp_path / "folder")
    weight = model.denoiser.module.state_dict()["middle_block.1.proj_in.weight"]
    stored = one.tensors(["model.diffusion_model.middle_block.1.proj_in.weight"])
    assert torch.equal(weight, next(iter(stored.values())).float())
