"""LoRA: training begins with the base itself, changes nothing of it, and gives files that programs apply."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from core.checkpoints.conditioners import text_networks
from core.checkpoints.loading import load_checkpoint
from core.checkpoints.lora import apply_lora
from core.checkpoints.lora_file import open_lora
from core.checkpoints.model_folder import load_model
from core.conditioning.clip import ClipTextEncoder
from core.conditioning.conditioning import Conditioning
from core.models.unet import UNetModel
from nodes.load import apply_lora as apply_lora_node
from tests.core.checkpoints import files
from training.lora import LowRank, attach, save_lora
from training.lora_config import LoraConfig

Train = Callable[..., Path]
X, T = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1)), torch.tensor([500])
KOHYA = r"lora_(unet|te)_\w+\.(lora_down\.weight|lora_up\.weight|alpha)"
TOKENS = torch.randn(1, 7, 64, generator=torch.Generator().manual_seed(2))


@pytest.fixture
def unet() -> UNetModel:
    """A denoiser of Stable Diffusion's kind."""
    network = files.randomized(UNetModel(**files.UNET))
    assert isinstance(network, UNetModel)
    return network


def changed(changes: dict[str, LowRank]) -> None:
    """Give changes values, as if they had been trained."""
    stream = torch.Generator().manual_seed(3)
    for change in changes.values():
        change.up.data.normal_(0, 0.1, generator=stream)


@pytest.mark.parametrize("layers", ["attention", "all"])
@torch.no_grad()
def test_a_saved_change_applied_to_the_base_gives_what_was_trained(
    tmp_path: Path, unet: UNetModel, layers: str
) -> None:
    base, plain = copy.deepcopy(unet), unet(X, T, TOKENS)
    changes = attach(unet, "unet", LoraConfig(rank=2, alpha=3.0, layers="all" if layers == "all" else "attention"))
    assert torch.equal(unet(X, T, TOKENS), plain)
    changed(changes)
    trained = unet(X, T, TOKENS)
    assert not torch.allclose(trained, plain, atol=1e-3)
    save_lora(tmp_path / "lora.safetensors", changes, {"run": "test"})
    lora = open_lora(tmp_path / "lora.safetensors")
    assert lora.ranks == (2,)
    assert lora.roles == ("unet",)
    applied = apply_lora({"unet": base}, lora, {"unet": 1.0})["unet"]
    torch.testing.assert_close(applied(X, T, TOKENS), trained, atol=1e-4, rtol=1e-4)


def test_only_the_changes_learn(unet: UNetModel) -> None:
    changes = attach(unet, "unet", LoraConfig(rank=2))
    unet(X, T, TOKENS).square().mean().backward()
    assert all(weight.grad is None for weight in unet.parameters())
    assert all(change.up.grad is not None for change in changes.values())


def test_layers_are_spelled_as_other_programs_spell_them(unet: UNetModel) -> None:
    names = set(attach(unet, "unet", LoraConfig(rank=2)))
    assert "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q" in names
    assert "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_out_0" in names
    with pytest.raises(ValueError, match="chooses no layer"):
        attach(torch.nn.Sequential(torch.nn.Linear(2, 2)), "unet", LoraConfig())


def adapted(train: Train, base: Path, text_learns: bool) -> Path:
    """Train a LoRA of a small model of Stable Diffusion's kind, which is written to `base`; returns the run."""
    files.write_small(base)
    return train(
        name="adapted", phases="second_stage", second_stage__base=str(base), second_stage__steps="2",
        second_stage__lora="{rank = 2}", second_stage__base_text_learns=str(text_learns).lower(),
        second_stage__optimizer__lr="1e-2", second_stage__optimizer__warmup_steps="1", device="cpu",
    )  # fmt: skip


def test_a_trained_change_is_applied_at_any_strength_in_the_weights_or_beside_them(
    train: Train, tmp_path: Path
) -> None:
    base = tmp_path / "small.safetensors"
    file = adapted(train, base, text_learns=True) / "models" / "lora.safetensors"
    assert all(re.fullmatch(KOHYA, name) for name in load_file(file))
    model = load_checkpoint(base)

    @torch.no_grad()
    def made(strength: float, *, live: bool = False) -> Tensor:
        parts = model.denoiser, model.conditioner
        parts = apply_lora_node(*parts, file=file, strength=strength, text_strength=strength, live=live)
        return parts[0].output(X, T, told(parts[1]))

    def told(conditioner: nn.Module) -> Conditioning:
        assert isinstance(conditioner, ClipTextEncoder)
        return conditioner.encode(["a fox"])

    with torch.no_grad():
        plain = model.denoiser.output(X, T, told(model.conditioner))
    assert torch.equal(made(0.0), plain)
    assert torch.equal(made(0.0, live=True), plain)
    half, whole = (float((made(strength) - plain).norm()) for strength in (0.5, 1.0))
    assert 1e-3 < half < 0.75 * whole
    for strength in (0.5, 1.0):
        torch.testing.assert_close(made(strength, live=True), made(strength), atol=1e-5, rtol=0)


@pytest.mark.parametrize("text_learns", [False, True])
def test_a_published_model_is_adapted_by_a_run(train: Train, tmp_path: Path, text_learns: bool) -> None:
    base = tmp_path / "small.safetensors"
    files.write_small(base)
    before = base.read_bytes()
    folder = adapted(train, base, text_learns)
    assert base.read_bytes() == before
    assert not (folder / "models" / "denoiser.safetensors").exists()
    lora = open_lora(folder / "models" / "lora.safetensors")
    assert lora.roles == (("unet", "text") if text_learns else ("unet",))
    model = load_checkpoint(base)
    networks = {"unet": model.denoiser.module, **text_networks(model.conditioner)}
    applied = apply_lora(networks, lora, dict.fromkeys(networks, 1.0))
    with torch.no_grad():
        assert not torch.equal(applied["unet"](X, T, TOKENS), model.denoiser.module(X, T, TOKENS))


def test_a_published_model_is_trained_whole_with_its_captions_encoded_once(train: Train, tmp_path: Path) -> None:
    base = tmp_path / "small.safetensors"
    files.write_small(base)
    before = base.read_bytes()
    folder = train(
        name="whole", phases="second_stage", second_stage__base=str(base), second_stage__steps="2",
        second_stage__optimizer__lr="1e-2", second_stage__optimizer__warmup_steps="1", device="cpu",
    )  # fmt: skip
    assert base.read_bytes() == before
    assert list(Path("runs/.cache").glob("texts-*.npy"))
    old, new = load_checkpoint(base), load_model(folder / "models")
    assert isinstance(new.conditioner, ClipTextEncoder)
    assert isinstance(old.conditioner, ClipTextEncoder)
    told, asked = old.conditioner.encode(["a fox"]).tokens, new.conditioner.encode(["a fox"]).tokens
    assert told is not None
    assert asked is not None
    assert torch.equal(told, asked)
    with torch.no_grad():
        assert not torch.equal(old.denoiser.module(X, T, TOKENS), new.denoiser.module(X, T, TOKENS))
    assert old.denoiser.schedule == new.denoiser.schedule
