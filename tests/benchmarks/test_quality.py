"""The table of quality, of a model that learned nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benchmarks import quality
from core.checkpoints.model_folder import load_model
from core.checkpoints.model_library import find
from core.diffusion.latent_diffusion import LatentDiffusion
from core.errors import InputError
from training.conditions.config import ConditioningConfig
from training.config import load_config
from training.denoiser_setup import fresh_setup
from training.judge import Judge


def test_figures_hold_by_their_goal() -> None:
    assert quality.figure(0.9, "share", 0.8, 10)["holds"] is True
    assert quality.figure(0.9, "share", None, 10)["holds"] is None
    assert quality.figure(1.5, "s", 2.0, 3, at_most=True)["holds"] is True
    assert quality.figure(2.5, "s", 2.0, 3, peer=1.23456, at_most=True) == {
        "value": 2.5, "unit": "s", "goal": 2.0, "holds": False, "n": 3, "peer": 1.2346,
    }  # fmt: skip


def bench(folder: Path) -> quality.Bench:
    """The shipped model, and a judge that learned nothing."""
    config = load_config(quality.CONFIGS / "stickers-64.toml")
    config = replace(config, evaluation=replace(config.evaluation, steps=1))
    torch.manual_seed(0)
    judge = Judge(config.data.scenes.classes, config.data.scenes.backgrounds).eval()
    return quality.Bench(load_model(find("stickers-64")), config, judge, 6, folder)


def test_a_text_model_is_measured_on_one_and_on_two_things(tmp_path: Path) -> None:
    figures = quality.measure_model(bench(tmp_path))
    assert {
        "reconstruction/psnr", "reconstruction/named_object", "generated/named_object", "real/named_object",
        "generated/both_objects", "generated/named_order", "generated/background_right",
        "generated_two/frechet_efficientnet_lite0", "seconds_per_picture",
    } <= set(figures)  # fmt: skip
    assert figures["reconstruction/psnr"]["value"] > 25
    assert figures["generated/both_objects"] | {"value": 0, "holds": None} == {
        "value": 0, "unit": "share", "goal": 0.7, "holds": None, "n": 6, "peer": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kinds", "figure"),
    [
        ("low_resolution", "generated/psnr"), ("text,inpainting", "generated/seam_psnr"),
        ("layout", "generated/object_in_box"), ("class", "generated/named_object"),
        ("none", "generated_one/recall_efficientnet_lite0"),
    ],
)  # fmt: skip
def test_every_task_has_its_figures(tmp_path: Path, kinds: str, figure: str) -> None:
    text = bench(tmp_path)
    data, _ = replace(text, count=80).scenes("any")  # with every class
    small = {"model_channels": 32, "num_res_blocks": 1, "attention_resolutions": [], "channel_mult": [1]}
    stage = replace(
        text.config.second_stage, conditioning=ConditioningConfig(kinds=tuple(kinds.split(","))),
        unet={**small, "num_heads": 1},
    )  # fmt: skip
    setup = fresh_setup(stage, text.model.autoencoder, 8, data, torch.device("cpu"))
    model = LatentDiffusion(setup.autoencoder, setup.denoiser, setup.told.conditioner)
    figures = quality.measure_model(replace(text, model=model))
    assert figure in figures
    if kinds == "low_resolution":
        assert figures["generated/psnr"]["peer"] > 15
        assert figures["generated/perceptual_efficientnet_lite0"]["holds"] is False
    assert ("seconds_per_picture" in figures) == (kinds == "text")


def test_a_model_that_nobody_can_judge_is_told_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "find_judge", lambda *_: None)
    monkeypatch.setenv("LOOM_QUALITY_MODELS", "stickers-64")
    with pytest.raises(InputError, match="Nobody can judge") as told:
        quality.measure()
    assert "training.judge_training" in told.value.fix
