"""Sweeps over the ways to sample."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benchmarks import sweep
from benchmarks.quality import CONFIGS
from benchmarks.quality_tasks import Bench
from core.checkpoints.model_folder import load_model
from core.checkpoints.model_library import find
from training.config import load_config
from training.evaluation.config import EvaluationConfig
from training.judge import Judge


def test_every_combination_is_measured_on_every_task_with_a_goal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"SAMPLERS": "ddim, euler", "STEPS": "1", "GUIDANCE": "1,2.5"}.items():
        monkeypatch.setenv(f"LOOM_SWEEP_{name}", value)
    config, model = load_config(CONFIGS / "stickers-24.toml"), load_model(find("stickers-24"))
    torch.manual_seed(0)
    judge = Judge(config.data.scenes.classes, config.data.scenes.backgrounds).eval()
    bench = Bench(model.autoencoder, model, config, judge, 5, tmp_path)
    figures = sweep.sweep_model(bench)
    assert {name.rpartition("/")[0] for name in figures} == {
        f"text/{scenes}/{sampler}/1/{guidance}"
        for scenes in ("one", "two") for sampler in ("ddim", "euler") for guidance in ("1", "2.5")
    }  # fmt: skip
    assert figures["text/one/ddim/1/1/seconds"]["value"] > 0
    assert {"text/two/euler/1/2.5/both_objects", "text/one/euler/1/2.5/recall_efficientnet_lite0"} <= set(figures)
    assert sweep.sweep_model(replace(bench, model=None)) == {}


def test_what_cannot_be_guided_is_measured_without_guidance() -> None:
    assert {one.guidance for one in sweep.combinations(EvaluationConfig(), guided=False)} == {1.0}
