"""Loading published formats in a workflow, and changing them by LoRA."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from core.checkpoints.conversion import write_folder
from core.diffusion.parameterization import Parameterization
from core.errors import ModelFileError
from core.graph.node_spec import RunContext
from nodes.condition import text_prompt
from nodes.load import CheckpointParts, apply_lora, autoencoder, checkpoint
from tests.core.checkpoints import files

LAYER = "input_blocks.1.1.transformer_blocks.0.attn1.to_q"
TEXT_LAYER = "text_model.encoder.layers.0.self_attn.q_proj"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small single file of Stable Diffusion's kind."""
    path = tmp_path_factory.mktemp("models") / "small.safetensors"
    files.write_small(path)
    return path


@pytest.fixture
def loaded(file: Path) -> CheckpointParts:
    return checkpoint(file=file, run=RunContext())


@pytest.fixture
def lora(tmp_path: Path) -> Path:
    """A LoRA of one layer of the UNet and one of the text encoder, that adds ones."""
    tensors = {}
    for name, width in (
        ("lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q", 32),
        ("lora_te_text_model_encoder_layers_0_self_attn_q_proj", 64),
    ):
        tensors[f"{name}.lora_down.weight"] = torch.ones(1, width)
        tensors[f"{name}.lora_up.weight"] = torch.ones(width, 1)
    save_file(tensors, tmp_path / "lora.safetensors")
    return tmp_path / "lora.safetensors"


def test_the_parts_of_a_file_belong_together_and_read_prompts(loaded: CheckpointParts) -> None:
    assert loaded.denoiser.space == loaded.autoencoder.space
    condition = text_prompt(loaded.conditioner, text="a fox", run=RunContext())
    x, t = torch.zeros(1, 4, 8, 8), torch.tensor([3])
    with torch.no_grad():
        assert loaded.denoiser.output(x, t, condition).shape == x.shape


def test_a_folder_is_chosen_by_its_index(file: Path, tmp_path: Path) -> None:
    write_folder(file, tmp_path / "folder")
    again = checkpoint(file=tmp_path / "folder" / "model_index.json", run=RunContext())
    one = checkpoint(file=file, run=RunContext())
    state = one.denoiser.module.state_dict()
    assert all(torch.equal(tensor, state[name]) for name, tensor in again.denoiser.module.state_dict().items())


def test_the_files_that_decide_the_result_are_named_for_the_cache(file: Path, tmp_path: Path) -> None:
    write_folder(file, tmp_path / "folder")
    reads = checkpoint.spec.settings["file"].setting.reads
    assert reads is not None
    assert list(reads(str(file))) == [file]
    names = {path.relative_to(tmp_path / "folder").as_posix() for path in reads(tmp_path / "folder/model_index.json")}
    assert {"model_index.json", "unet/config.json", "vae/diffusion_pytorch_model.safetensors"} <= names


def test_the_prediction_can_be_told(file: Path) -> None:
    told = checkpoint(file=file, prediction="v", run=RunContext())
    assert told.denoiser.parameterization is Parameterization.V


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_precision_changes_a_prediction_little(file: Path, loaded: CheckpointParts, precision: str) -> None:
    half = checkpoint(file=file, precision=precision, run=RunContext())
    assert next(half.denoiser.module.parameters()).dtype == getattr(torch, precision)
    wide = precision == "float16"  # autoencoders leave its range
    assert (next(half.autoencoder.module.parameters()).dtype is torch.float32) == wide
    x, t = torch.ones(1, 4, 8, 8), torch.tensor([3])
    with torch.no_grad():
        found, wanted = (
            each.denoiser.output(x, t, text_prompt(each.conditioner, text="a (fox:1.2)", run=RunContext()))
            for each in (half, loaded)
        )
    assert found.dtype is torch.float32
    assert float((found - wanted).norm() / wanted.norm()) < 0.05


@pytest.mark.parametrize("live", [False, True])
def test_a_lora_changes_what_is_computed_and_not_what_it_was_given(
    loaded: CheckpointParts, lora: Path, live: bool
) -> None:
    adapted = apply_lora(loaded.denoiser, loaded.conditioner, file=lora, strength=0.5, text_strength=0.25, live=live)
    x, t = torch.ones(1, 4, 8, 8), torch.tensor([3])
    before, after = (
        text_prompt(each, text="a fox", run=RunContext()) for each in (loaded.conditioner, adapted.conditioner)
    )
    assert before.tokens is not None
    assert not torch.equal(before.tokens, after.tokens)
    with torch.no_grad():
        plain, changed = (each.output(x, t, before) for each in (loaded.denoiser, adapted.denoiser))
        assert not torch.equal(plain, changed)
        assert torch.equal(plain, loaded.denoiser.output(x, t, before))
    assert adapted.denoiser.space == loaded.denoiser.space


def test_each_network_has_its_strength(loaded: CheckpointParts, lora: Path) -> None:
    adapted = apply_lora(loaded.denoiser, loaded.conditioner, file=lora, strength=0.5, text_strength=0.25)
    for before, after, layer, strength in (
        (loaded.denoiser.module, adapted.denoiser.module, LAYER, 0.5),
        (loaded.conditioner.get_submodule("transformer"), adapted.conditioner.get_submodule("transformer"),
         TEXT_LAYER, 0.25),
    ):  # fmt: skip
        difference = after.state_dict()[f"{layer}.weight"] - before.state_dict()[f"{layer}.weight"]
        torch.testing.assert_close(difference, torch.full_like(difference, strength))


def test_an_autoencoder_is_read_by_itself(file: Path, loaded: CheckpointParts) -> None:
    alone = autoencoder(file=file, run=RunContext())
    assert alone.space == loaded.autoencoder.space
    state = alone.module.state_dict()
    assert all(torch.equal(tensor, state[name]) for name, tensor in loaded.autoencoder.module.state_dict().items())


@pytest.mark.skipif(shutil.which("c++") is None, reason="there is no C++ compiler here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's compiler uses parts that torch deprecates
@pytest.mark.parametrize("compiled", [False, True])
def test_the_denoiser_is_compiled_on_request(file: Path, compiled: bool) -> None:
    parts = checkpoint(file=file, compiled=compiled, run=RunContext())
    assert (parts.denoiser.module._compiled_call_impl is not None) == compiled


def test_a_lora_is_no_checkpoint(lora: Path) -> None:
    with pytest.raises(ModelFileError, match="holds no network"):
        checkpoint(file=lora, run=RunContext())
