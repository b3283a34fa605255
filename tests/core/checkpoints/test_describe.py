"""Saying what a file is from its header."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from core.checkpoints.describe import describe
from core.errors import ModelFileError
from tests.core.checkpoints import files, published

FAMILIES = {
    "sd15": "Stable Diffusion 1",
    "sd15_inpainting": "Stable Diffusion 1 inpainting",
    "sd21": "Stable Diffusion 2",
    "sdxl_base": "Stable Diffusion XL base",
}


@pytest.mark.parametrize("model", published.MODELS)
def test_every_published_file_is_known_at_once(tmp_path: Path, model: str) -> None:
    path = files.write_sparse(tmp_path / "file.safetensors", published.single_file(model))
    began = time.process_time()
    found = describe(path)
    assert time.process_time() - began < 1, "reading its gigabytes would take longer than this"
    assert (found.kind, found.family) == ("checkpoint", FAMILIES[model])
    assert found.parts["unet"].dtypes == ("F32",)


def test_four_gigabytes_are_told_from_a_fresh_start_without_torch(tmp_path: Path) -> None:
    path = files.write_sparse(tmp_path / "v1-5.safetensors", published.single_file("sd15"))
    assert path.stat().st_size > 4e9
    script = (
        "import sys, pathlib; from core.checkpoints.describe import describe;"
        "print(describe(pathlib.Path(sys.argv[1])).parameters, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1066235307", "False"]


def test_parameters_of_stable_diffusion_are_those_that_are_published(tmp_path: Path) -> None:
    found = describe(files.write_sparse(tmp_path / "a.safetensors", published.single_file("sd15")))
    assert found.parts["unet"].parameters == 859_520_964
    assert found.parts["autoencoder"].parameters == 83_653_863
    assert found.parts["text"].parameters == 123_060_480


def test_a_folder_is_told_like_a_file(tmp_path: Path) -> None:
    for part, tensors in published.folder("sdxl_base").items():
        (tmp_path / part).mkdir()
        files.write_sparse(tmp_path / part / "model.safetensors", tensors, torch.float16)
    found = describe(tmp_path)
    assert (found.kind, found.family) == ("diffusers folder", "Stable Diffusion XL base")
    assert found.parts.keys() == {"unet", "autoencoder", "text", "text_2"}
    assert found.parts["unet"].dtypes == ("F16",)


@pytest.mark.parametrize(
    ("name", "prediction", "resolution"),
    [("v2-1_768-ema-pruned", "v", 768), ("v2-1_512-ema-pruned", "eps", 512), ("512-base-ema", "eps", 512)],
)
def test_the_names_of_stable_diffusion_2_files_tell_what_they_predict(
    tmp_path: Path, name: str, prediction: str, resolution: int
) -> None:
    found = describe(files.write_sparse(tmp_path / f"{name}.safetensors", published.single_file("sd21")))
    assert (found.details["prediction"], found.details["resolution"]) == (prediction, resolution)


def test_a_configuration_beside_it_counts_most(tmp_path: Path) -> None:
    path = files.write_sparse(tmp_path / "v2-1_512.safetensors", published.single_file("sd21"))
    path.with_suffix(".yaml").write_text("model: {target: x.Y, params: {parameterization: v}}", "utf-8")
    assert describe(path).details["prediction"] == "v"


def test_averaged_weights_are_counted_beside_the_others(tmp_path: Path) -> None:
    tensors = published.single_file("sd15")
    for name in [name for name in tensors if name.startswith("model.")]:
        tensors["model_ema." + name.removeprefix("model.").replace(".", "")] = tensors[name]
    found = describe(files.write_sparse(tmp_path / "a.safetensors", tensors, torch.float16))
    assert found.parts["ema"].parameters == found.parts["unet"].parameters


def test_a_lora_tells_rank_and_base(tmp_path: Path) -> None:
    layer = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
    tensors = {f"{layer}.lora_down.weight": torch.empty(16, 768), f"{layer}.lora_up.weight": torch.empty(320, 16)}
    found = describe(files.write_sparse(tmp_path / "l.safetensors", tensors))
    assert (found.kind, found.family, found.details["rank"]) == ("LoRA", "Stable Diffusion 1", [16])


def test_one_network_by_itself_is_told(tmp_path: Path) -> None:
    found = describe(files.write_sparse(tmp_path / "vae.safetensors", published.folder("sd15")["vae"]))
    assert (found.kind, found.details["factor"]) == ("autoencoder", 8)


def test_unknown_weights_are_counted(tmp_path: Path) -> None:
    found = describe(files.write_sparse(tmp_path / "a.safetensors", {"w": torch.empty(3, 4)}))
    assert (found.kind, found.parameters) == ("weights", 12)


def test_a_folder_of_something_else_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="no model folder"):
        describe(tmp_path)
