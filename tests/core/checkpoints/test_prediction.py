"""Whether a denoiser predicts eps or v, and the configuration beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from core.checkpoints.config_file import LIMIT, ModelConfig, config_beside, read_config
from core.checkpoints.prediction import prediction_of
from core.checkpoints.weight_file import WeightFile, open_weights
from core.checkpoints.zoo import FAMILIES, Family
from core.errors import ModelFileError

SD1, SD2 = FAMILIES[0], FAMILIES[1]
NORM = "model.diffusion_model.output_blocks.11.1.transformer_blocks.0.norm1.bias"
NOTHING = ModelConfig()


def file(name: str, notes: dict[str, str] | None = None) -> WeightFile:
    return WeightFile(Path(f"{name}.safetensors"), {}, notes or {})


@pytest.mark.parametrize(
    ("name", "family", "inputs", "kind"),
    [
        ("v1-5-pruned", SD1, 4, "eps"),
        ("768-v-ema", SD2, 4, "v"),
        ("v2-1_768-nonema-pruned", SD2, 4, "v"),
        ("v2-1_512-ema-pruned", SD2, 4, "eps"),
        ("anything", SD2, 4, "v"),
        ("512-inpainting-ema", SD2, 9, "eps"),
        ("animeVpred-v_prediction", SD1, 4, "v"),
        ("someVector", SD1, 4, "eps"),
        ("anything", None, 4, "eps"),
    ],
)
def test_names_and_families_tell(name: str, family: Family | None, inputs: int, kind: str) -> None:
    assert prediction_of(file(name), NOTHING, family, inputs, header_only=True).kind == kind


def test_what_is_said_counts_more_than_names() -> None:
    name = file("v2-1_768", {"modelspec.prediction_type": "epsilon"})
    assert prediction_of(name, NOTHING, SD2, 4).kind == "eps"
    assert prediction_of(name, NOTHING, SD2, 4, {"prediction_type": "v_prediction"}).kind == "v"
    assert prediction_of(name, ModelConfig(None, {"parameterization": "x0"}), SD2, 4).kind == "x0"


@pytest.mark.parametrize(("spread", "kind"), [(0.2, "v"), (0.01, "eps")])
def test_the_spread_of_a_norm_tells_where_nothing_else_does(tmp_path: Path, spread: float, kind: str) -> None:
    values = spread * torch.randn(320, generator=torch.Generator().manual_seed(1))
    save_file({NORM: values}, tmp_path / "model.safetensors")
    found = prediction_of(open_weights(tmp_path / "model.safetensors"), NOTHING, SD2, 4)
    assert (found.kind, found.certain) == (kind, False)


def test_a_mark_among_the_weights_tells(tmp_path: Path) -> None:
    save_file({"v_pred": torch.ones(1)}, tmp_path / "model.safetensors")
    assert prediction_of(open_weights(tmp_path / "model.safetensors"), NOTHING, SD1, 4).kind == "v"


@pytest.mark.parametrize("name", ["model.yaml", "config.yaml"])
def test_a_configuration_is_found_beside_the_weights(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(
        "model: {target: a.b.LatentDiffusion, params: {scale_factor: 0.5, unet_config: {target: x.UNetModel, "
        "params: {num_head_channels: 32}}}}",
        "utf-8",
    )
    found = config_beside(tmp_path / "model.ckpt")
    assert found.number("scale_factor") == 0.5
    assert found.part("unet_config")[0] == "UNetModel"
    assert found.unet_settings() == {"num_heads": -1, "num_head_channels": 32, "legacy": True}


def test_without_a_configuration_nothing_is_said(tmp_path: Path) -> None:
    found = config_beside(tmp_path / "model.ckpt")
    assert found.path is None
    assert found.unet_settings() == {}
    assert found.part("unet_config") == ("", {})


@pytest.mark.parametrize(
    "text", ["a: [", "!!python/object/apply:os.mkdir [made]", "\x00", "a: 1\n" * (LIMIT // 4)],
    ids=["broken", "code", "no text", "too long"],
)  # fmt: skip
def test_a_configuration_that_is_none_is_told_and_never_run(tmp_path: Path, text: str) -> None:
    (tmp_path / "model.yaml").write_text(text, "utf-8")
    with pytest.raises(ModelFileError, match=r"model\.yaml cannot be read"):
        read_config(tmp_path / "model.yaml")


@pytest.mark.parametrize("text", ["", "5", "[1]", "model: 3", "model: {params: 3}"])
def test_a_configuration_of_something_else_says_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "model.yaml").write_text(text, "utf-8")
    assert read_config(tmp_path / "model.yaml").params == {}
