"""Published models' names and shapes, there and back between the two formats."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from core.checkpoints.conversion import Folder, to_folder, to_single_file, write_folder, write_single_file
from core.checkpoints.loading import load_checkpoint
from core.errors import InputError, ModelFileError
from tests.core.checkpoints import files, published


@pytest.mark.parametrize("model", published.MODELS)
def test_a_single_file_becomes_the_published_folder(model: str) -> None:
    made, wanted = to_folder(published.single_file(model)), published.folder(model)
    assert made.parts.keys() == wanted.keys()
    for part, tensors in wanted.items():
        assert published.shapes(made.parts[part]) == published.shapes(tensors), part


@pytest.mark.parametrize("model", published.MODELS)
def test_a_single_file_comes_back_with_the_names_and_shapes_it_had(model: str) -> None:
    single = published.single_file(model)
    assert published.shapes(to_single_file(to_folder(single))) == published.shapes(single)


@pytest.mark.parametrize("model", published.MODELS)
def test_a_folder_comes_back_with_the_names_and_shapes_it_had(model: str) -> None:
    parts = published.folder(model)
    again = to_folder(to_single_file(Folder(parts, {})))
    assert not again.rest
    assert {part: published.shapes(t) for part, t in again.parts.items()} == {
        part: published.shapes(t) for part, t in parts.items()
    }


def test_values_come_back_bit_by_bit_through_files(tmp_path: Path) -> None:
    files.write_small(tmp_path / "one.safetensors", betas=torch.linspace(0.1, 0.2, 10))
    write_folder(tmp_path / "one.safetensors", tmp_path / "folder")
    write_single_file(tmp_path / "folder", tmp_path / "again.safetensors")
    before, after = load_file(tmp_path / "one.safetensors"), load_file(tmp_path / "again.safetensors")
    assert before.keys() == after.keys()
    assert all(torch.equal(tensor, after[name]) for name, tensor in before.items())


def test_openclip_values_come_back_bit_by_bit() -> None:
    stream = torch.Generator().manual_seed(3)
    names = {name: tensor for name, tensor in published.single_file("sd21").items() if name.startswith("cond_stage")}
    small = {
        name: torch.randn([min(size, 6) if size % 3 == 0 else min(size, 4) for size in tensor.shape], generator=stream)
        for name, tensor in names.items()
    }
    small["cond_stage_model.model.ln_final.weight"] = torch.randn(1024, generator=stream)
    again = to_single_file(to_folder(small))
    assert again.keys() == small.keys()
    assert all(torch.equal(tensor, again[name]) for name, tensor in small.items())


def test_a_converted_folder_loads_as_the_same_model(tmp_path: Path) -> None:
    files.write_small(tmp_path / "one.safetensors")
    (tmp_path / "one.yaml").write_text("model: {params: {parameterization: v, scale_factor: 0.3}}", "utf-8")
    write_folder(tmp_path / "one.safetensors", tmp_path / "folder")
    one, other = load_checkpoint(tmp_path / "one.safetensors"), load_checkpoint(tmp_path / "folder")
    assert one.denoiser.parameterization == other.denoiser.parameterization == "v"
    assert one.autoencoder.space.scale == other.autoencoder.space.scale == 0.3
    assert one.denoiser.schedule == other.denoiser.schedule
    for mine, theirs in (
        (one.denoiser.module, other.denoiser.module),
        (one.autoencoder.module, other.autoencoder.module),
        (one.conditioner, other.conditioner),
    ):
        state = theirs.state_dict()
        assert all(torch.equal(tensor, state[name]) for name, tensor in mine.state_dict().items())


def test_layers_without_a_counterpart_are_told(tmp_path: Path) -> None:
    files.write_small(
        tmp_path / "odd.safetensors", **{"model.diffusion_model.middle_block.1.qkv.weight": torch.ones(2)}
    )
    with pytest.raises(InputError, match="cannot be converted"):
        write_folder(tmp_path / "odd.safetensors", tmp_path / "folder")


def test_a_folder_without_weights_is_told(tmp_path: Path) -> None:
    (tmp_path / "unet").mkdir()
    with pytest.raises(ModelFileError, match="holds no weights"):
        write_single_file(tmp_path, tmp_path / "one.safetensors")
    assert not (tmp_path / "one.safetensors").exists()


def test_a_file_without_a_model_is_not_converted(tmp_path: Path) -> None:
    save_file({"foo": torch.zeros(2)}, tmp_path / "foo.safetensors")
    with pytest.raises(InputError) as refused:
        write_folder(tmp_path / "foo.safetensors", tmp_path / "folder")
    assert "no UNet" in refused.value.why
    assert not (tmp_path / "folder").exists()
