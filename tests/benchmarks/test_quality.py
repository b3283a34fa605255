"""The table of quality, of models that learned nothing of their task."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benchmarks import quality
from benchmarks.figures import figure
from benchmarks.quality_tasks import Bench, Task, measure_task, tasks_of
from core.checkpoints.model_folder import load_model
from core.checkpoints.model_library import find
from core.diffusion.latent_diffusion import LatentDiffusion
from core.errors import InputError
from training.conditions.config import ConditioningConfig
from training.config import load_config
from training.denoiser_setup import fresh_setup
from training.judge import Judge

SMALL = {"model_channels": 32, "num_res_blocks": 1, "attention_resolutions": [], "channel_mult": [1], "num_heads": 1}


def test_figures_hold_by_their_goal() -> None:
    assert figure(0.9, "share", 0.8, 10)["holds"] is True
    assert figure(0.9, "share", None, 10)["holds"] is None
    assert figure(1.5, "s", 2.0, 3, at_most=True)["holds"] is True
    assert figure(2.5, "s", 2.0, 3, peer=1.23456, at_most=True) == {
        "value": 2.5, "unit": "s", "goal": 2.0, "holds": False, "n": 3, "peer": 1.2346,
    }  # fmt: skip


def bench(folder: Path) -> Bench:
    """The shipped model, and a judge that learned nothing."""
    config = load_config(quality.CONFIGS / "stickers-24.toml")
    config = replace(config, evaluation=replace(config.evaluation, steps=1))
    torch.manual_seed(0)
    judge = Judge(config.data.scenes.classes, config.data.scenes.backgrounds).eval()
    model = load_model(find("stickers-24"))
    return Bench(model.autoencoder, model, config, judge, 6, folder, folder / "sheets")


def told_of(one: Bench, kinds: str) -> Bench:
    """A bench whose model is told something else, and knows nothing."""
    data, _ = replace(one, count=80).scenes("any")  # with every class
    conditioning = ConditioningConfig(kinds=tuple(kinds.split(",")))
    stage = replace(one.config.second_stage, conditioning=conditioning, unet=SMALL)
    setup = fresh_setup(stage, one.autoencoder, 8, data, torch.device("cpu"))
    return replace(one, model=LatentDiffusion(setup.autoencoder, setup.denoiser, setup.told.conditioner))


def tasks(one: Bench) -> list[Task]:
    return list(tasks_of(one.told(one.scenes("any")[0])))


def test_a_text_model_is_measured_on_one_and_on_two_things(tmp_path: Path) -> None:
    one = bench(tmp_path)
    figures = quality.measure_model(one)
    assert {
        "reconstruction/psnr", "reconstruction/named_object", "reconstruction/named_object/real",
        "text/named_object", "text/named_object/real", "text/named_object/reconstructed", "text/background_right",
        "text/both_objects", "text/named_order", "text/frechet_efficientnet_lite0/two", "text/seconds_per_picture",
        "text/processor_seconds_per_picture",
        "unconditional/recall_efficientnet_lite0/own",
    } <= set(figures)  # fmt: skip
    assert figures["reconstruction/psnr"]["value"] > 25
    assert figures["text/both_objects"] | {"value": 0, "holds": None} == {
        "value": 0, "unit": "share", "goal": 0.7, "holds": None, "n": 6, "peer": None,
    }  # fmt: skip
    assert {file.name for file in (tmp_path / "sheets").iterdir()} == {
        "stickers-24-text-one.png", "stickers-24-text-two.png", "stickers-24-unconditional-own.png",
    }  # fmt: skip


def test_an_autoencoder_alone_is_measured_as_far_as_it_goes(tmp_path: Path) -> None:
    figures = quality.measure_model(replace(bench(tmp_path), model=None))
    assert {name.partition("/")[0] for name in figures} == {"reconstruction"}


def test_an_autoencoder_is_measured_with_the_model_that_has_it(tmp_path: Path) -> None:
    assert quality.measure_model(replace(bench(tmp_path), model=None, shares=True)) == {}


def test_a_model_of_words_and_boxes_is_asked_for_each_alone_and_for_nothing(tmp_path: Path) -> None:
    both = tasks(told_of(bench(tmp_path), "text,layout"))
    assert [(task.name, task.scenes) for task in both] == [
        ("text", "one"), ("text", "two"), ("layout", "any"), ("unconditional", "own")
    ]  # fmt: skip


def test_what_cannot_be_left_out_is_told_always(tmp_path: Path) -> None:
    assert [task.name for task in tasks(told_of(bench(tmp_path), "text,inpainting"))] == ["inpainting"]


@pytest.mark.parametrize(
    ("kinds", "figure"),
    [
        ("low_resolution", "low_resolution/psnr"), ("text,inpainting", "inpainting/seam_psnr/reconstructed"),
        ("text,layout", "layout/object_in_box"), ("class", "class/named_object"),
        ("semantic_map", "semantic_map/map_agreement/real"), ("none", "unconditional/recall_efficientnet_lite0/own"),
    ],
)  # fmt: skip
def test_every_task_has_its_figures(tmp_path: Path, kinds: str, figure: str) -> None:
    one = told_of(bench(tmp_path), kinds)
    task = next(task for task in tasks(one) if task.name == figure.partition("/")[0])
    figures = measure_task(one, task)
    assert figure in figures
    if kinds == "low_resolution":
        assert figures["low_resolution/psnr"]["peer"] > 15
        assert figures["low_resolution/perceptual_efficientnet_lite0"]["holds"] is False


def test_a_model_that_nobody_can_judge_is_told_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "find_judge", lambda *_: None)
    monkeypatch.setenv("LOOM_QUALITY_MODELS", "stickers-24")
    with pytest.raises(InputError, match="Nobody can judge") as told:
        quality.measure()
    assert "training.judge_training" in told.value.fix


def test_a_model_that_is_not_installed_is_left_out_with_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert quality.available(["stickers-24", "nobody"]) == ["stickers-24"]
    assert capsys.readouterr().out == "nobody is left out: it is not installed.\n"
    with pytest.raises(InputError, match="no model to be measured"):
        quality.available(["nobody"])
