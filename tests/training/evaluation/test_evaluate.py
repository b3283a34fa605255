"""Whole models measured, of a real run."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.checkpoints.model_folder import load_autoencoder, save_diffusion
from core.errors import InputError, ModelFileError
from training.conditions.config import ConditioningConfig, LowResolutionConfig
from training.config import load_config
from training.data.watch import Watch
from training.datasets.scenes import SceneConfig
from training.denoiser_setup import fresh_setup
from training.evaluation.agreement import agreement, map_agreement
from training.evaluation.config import EvaluationConfig
from training.evaluation.evaluate import evaluate, model_folder_of
from training.evaluation.features import make_backbone
from training.evaluation.held_out import held_out, scenes_of
from training.evaluation.report import Report
from training.judge import CELLS, Judge, Sight, cell_classes

CONFIG = EvaluationConfig(count=6, pictures=6, steps=2)


def measured(run: Path, config: EvaluationConfig = CONFIG) -> Report:
    data = load_config(run / "config.toml").data
    return evaluate(run / "models", data, config, run.parent / ".cache", Watch())


def test_a_whole_model_is_measured_the_same_each_time(finished_run: Path) -> None:
    report = measured(finished_run)
    assert {
        "reconstruction/psnr", "reconstruction/ssim", "reconstruction/perceptual_efficientnet_lite0",
        "denoising/loss_simple", *(f"denoising/loss_q{part}" for part in range(4)),
        "generated/frechet_efficientnet_lite0", "generated/precision_efficientnet_lite0",
        "generated/recall_efficientnet_lite0",
    } == set(report.figures)  # fmt: skip
    assert all(math.isfinite(figure.value) and figure.n == 6 for figure in report.figures.values())
    assert "no judge knows" in " ".join(report.left_out)
    assert report.figures == measured(finished_run).figures
    assert "reconstruction/psnr" in report.as_text() and "dB" in report.as_text()  # noqa: PT018


def test_the_error_does_not_depend_on_how_many_items_are_measured_with_it(finished_run: Path) -> None:
    few, many = (measured(finished_run, EvaluationConfig(count=n, pictures=0)) for n in (1, 40))
    again = measured(finished_run, EvaluationConfig(count=40, pictures=0))
    assert many.figures == again.figures
    assert few.figures["denoising/loss_q0"] != many.figures["denoising/loss_q0"]


def test_an_autoencoder_alone_says_what_is_left_out(finished_run: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(finished_run, run)
    text = (run / "models/model.json").read_text().replace('"denoiser"', '"once_denoiser"')
    (run / "models/model.json").write_text(text)
    report = measured(run)
    assert {name.partition("/")[0] for name in report.figures} == {"reconstruction"}
    assert any("no denoiser" in reason for reason in report.left_out)


def test_a_run_a_model_folder_and_an_installed_name_are_found(finished_run: Path, tmp_path: Path) -> None:
    assert model_folder_of(finished_run) == model_folder_of(finished_run / "models") == finished_run / "models"
    assert model_folder_of(Path("stickers-24")).name == "stickers-24"
    with pytest.raises(InputError, match="no model and no run"):
        model_folder_of(tmp_path)
    (tmp_path / "config.toml").write_text("")
    with pytest.raises(ModelFileError, match="no model yet"):
        model_folder_of(tmp_path)


def test_features_have_a_name_and_foreign_weights_need_a_folder(tmp_path: Path) -> None:
    backbone = make_backbone("efficientnet-lite0")
    assert backbone.frechet_name == "frechet_efficientnet_lite0"
    assert backbone.features(torch.zeros(3, 3, 32, 32), batch=2).shape == (3, 112)
    with pytest.raises(InputError, match="not at hand"):
        make_backbone("inception-v3")
    with pytest.raises(ModelFileError, match="InceptionFeatures"):
        make_backbone("inception-v3", str(tmp_path))
    with pytest.raises(InputError, match="no feature network"):
        make_backbone("resnet")


@pytest.mark.parametrize(
    "kinds", ["none", "class", "layout", "semantic_map", "low_resolution", "noisy_low_resolution", "text,inpainting"]
)
def test_models_of_every_kind_are_measured(finished_run: Path, tmp_path: Path, kinds: str) -> None:
    models, run = tmp_path / "models", load_config(finished_run / "config.toml")
    shutil.copytree(finished_run / "models", models)
    conditioning = ConditioningConfig(kinds=tuple(kinds.split(",")), low_resolution=LowResolutionConfig(scale=2))
    stage = replace(run.second_stage, conditioning=conditioning)
    data = held_out(run.data, 40, finished_run.parent / ".cache", Watch())
    torch.manual_seed(0)
    setup = fresh_setup(stage, load_autoencoder(models), 8, data, torch.device("cpu"))
    save_diffusion(models, setup.denoiser, setup.told.conditioner, setup.arguments)
    report = evaluate(models, run.data, CONFIG, finished_run.parent / ".cache", Watch())
    # A fresh network says 0 of v, whose variance is about that of latents and noise.
    assert 0.3 < report.figures["denoising/loss_simple"].value < 3
    assert math.isfinite(report.figures["generated/frechet_efficientnet_lite0"].value)


class Knowing(Judge):
    """Sees what the scenes hold, whatever the pictures show."""

    def __init__(self, scenes: list[Sight]) -> None:
        super().__init__(("fox", "frog"), ("meadow", "plain red"))
        self.sights = scenes

    def look(self, images: torch.Tensor, batch: int = 250) -> list[Sight]:
        return self.sights


def test_agreement_is_whole_for_what_is_there_and_nothing_for_empty_pictures() -> None:
    from training.data.config import DataConfig

    config = SceneConfig(classes=("fox", "frog"), backgrounds=("meadow", "plain red"), counts=((1, 0.5), (2, 0.5)))
    scenes = scenes_of(DataConfig(scenes=config), 30)
    assert scenes is not None
    right = Knowing([Sight(cell_classes(scene, config.classes), scene.background) for scene in scenes])
    found = agreement(right, torch.zeros(30, 3, 64, 64), scenes)
    assert {name: share.value for name, share in found.items() if name != "object_in_box"} == {
        "named_object": 1, "both_objects": 1, "named_order": 1, "background_right": 1,
    }  # fmt: skip
    assert found["object_in_box"].value > 0.95
    assert found["object_in_box"].n == sum(len(scene.boxes) for scene in scenes)
    assert map_agreement(right, torch.zeros(30, 3, 64, 64), scenes).value == 1
    told = agreement(right, torch.zeros(30, 3, 64, 64), scenes, told_order=True)
    assert told["named_order"].n <= found["named_order"].n
    blind = Knowing([Sight(torch.zeros(CELLS, CELLS, dtype=torch.long), "nowhere")] * 30)
    assert {share.value for share in agreement(blind, torch.zeros(30, 3, 64, 64), scenes).values()} == {0.0}
    assert map_agreement(blind, torch.zeros(30, 3, 64, 64), scenes).value == 0
    half = cell_classes(scenes[0], config.classes)
    half[:, CELLS // 2 :] = 0
    share = map_agreement(Knowing([Sight(half, "meadow")]), torch.zeros(1, 3, 64, 64), scenes[:1])
    whole = cell_classes(scenes[0], config.classes)
    assert share.value == pytest.approx(float((half > 0).sum() / (whole > 0).sum()))
