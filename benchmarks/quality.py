"""Quality of the shipped models on scenes that no run learned from, judged by a network, with the ceilings beside.

    LOOM_QUALITY_N=1000 python -m benchmarks quality

Each model makes pictures for the conditions of held-out scenes, sampled as its configuration's [evaluation] says. What
the judge says of the real pictures and of their reconstructions is the ceiling of what it says of generated ones.
Settings from the environment: LOOM_QUALITY_N pictures of each kind of scene (300 unless told), LOOM_QUALITY_MODELS the
models, comma-separated (all unless told), LOOM_SHEETS a folder for contact sheets.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from PIL import Image as Pillow
from torch import Tensor

from core.checkpoints.model_folder import load_model
from core.checkpoints.model_library import SHIPPED, find, folders
from core.diffusion.latent_diffusion import LatentDiffusion
from core.errors import InputError
from core.imaging.image import to_uint8
from training.conditions.build import known_conditions
from training.conditions.config import InpaintingConfig
from training.conditions.maps import LowResolutionCondition
from training.conditions.told import Told
from training.config import RunConfig, load_config
from training.data.training_set import TrainingSet
from training.data.watch import Watch
from training.datasets.scenes import Scene, SceneConfig
from training.evaluation.agreement import Share, agreement
from training.evaluation.evaluate import set_distances
from training.evaluation.generation import batch_of, generate
from training.evaluation.held_out import held_out, pictures, scenes_of
from training.evaluation.pictured import enlarged, masked_psnr, seam
from training.evaluation.reconstruction import likeness, rebuild
from training.evaluation.report import unit_of
from training.judge import FILE, Judge, find_judge, load_judge
from training.perceptual.metric import make_metric
from training.phase import tile

CONFIGS = Path(__file__).parents[1] / "resources" / "training"
FIRST_SEED = 2_000_000_000  # beyond the scenes that runs and judges learn from, and that runs are watched on
SETS: Mapping[str, dict[str, Any]] = {
    "one": {"counts": ((1, 1.0),)},
    "two": {"counts": ((2, 1.0),), "same": 0.0},
    "any": {"counts": ((1, 1.0), (2, 1.0), (3, 1.0))},
}
# By what a model is told: which scenes show it, and which shares have which goal; None = reported. Of several, the
# first here decides: a text beside a masked picture is asked for the thing that was removed.
ASKED: Mapping[str, Mapping[str, Mapping[str, float | None]]] = {
    "inpainting": {"one": {"named_object": None, "background_right": 0.95}},
    "low_resolution": {"one": {"named_object": None, "background_right": None}},
    "layout": {"any": {"object_in_box": 0.85}},
    "semantic_map": {"one": {"background_right": 0.95, "named_object": None}},
    "class": {"one": {"named_object": 0.93}},
    "text": {
        "one": {"named_object": 0.93, "background_right": 0.95}, "two": {"both_objects": 0.70, "named_order": 0.60},
    },
    "none": {"one": {}},
}  # fmt: skip
RECONSTRUCTION = {"psnr": 28.0, "named_object": 0.95}
SECONDS = ((64, 2.0), (128, 8.0))  # for one picture, by its side in pixels
SHOWN = 64

Figures = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Bench:
    """A model with what it is measured on.

    Attributes:
        model: It.
        config: What it learned from, and how it is sampled.
        judge: Sees what its pictures show.
        count: Pictures of each set of scenes.
        folder: For rendered scenes.
    """

    model: LatentDiffusion
    config: RunConfig
    judge: Judge
    count: int
    folder: Path

    def scenes(self, name: str) -> tuple[TrainingSet, list[Scene]]:
        """Return held-out scenes of one of `SETS`."""
        scenes: SceneConfig = replace(self.config.data.scenes, **SETS[name])
        data = replace(self.config.data, scenes=scenes)
        known = scenes_of(data, self.count, FIRST_SEED)
        assert known is not None
        return held_out(data, self.count, self.folder, Watch(), FIRST_SEED), known


def measure() -> Figures:
    """Measure every installed model that has a configuration of its name and a judge."""
    torch.set_num_threads(1)
    count = int(os.environ.get("LOOM_QUALITY_N", "300"))
    chosen = os.environ.get(
        "LOOM_QUALITY_MODELS", ",".join(name for name, folder in folders().items() if folder.parent == SHIPPED)
    ).split(",")
    figures: Figures = {}
    for name in chosen:
        config = load_config(CONFIGS / f"{name}.toml")
        judge = find_judge(config.data.scenes, [find(name), *folders().values()])
        if judge is None:
            raise InputError(
                f"Nobody can judge the pictures of {name}.", why="No judge.safetensors knows all that its scenes show.",
                fix=f"Train one: python -m training.judge_training {CONFIGS / name}.toml {find(name) / FILE}",
            )  # fmt: skip
        with tempfile.TemporaryDirectory(prefix="loom-quality-") as folder:
            bench = Bench(load_model(find(name)), config, load_judge(judge), count, Path(folder))
            figures |= {f"{name}/{about}": found for about, found in measure_model(bench, name).items()}
    return figures


def measure_model(bench: Bench, name: str = "") -> Figures:
    """Compare generated, reconstructed and real pictures of the same held-out scenes."""
    model, figures = bench.model, reconstruction(bench)
    for scene_set, goals in asked(model, bench).items():
        data, scenes = bench.scenes(scene_set)
        told = conditions(bench, data)
        images = generate(
            model.autoencoder, model.denoiser, told, data, replace(bench.config.evaluation, pictures=bench.count)
        )  # fmt: skip
        _save_sheet(images, f"{name}-{scene_set}")
        real = pictures(data)
        by_words = list(told.parts) == ["text"]
        found = agreement(bench.judge, images, scenes, told_order=by_words)
        figures |= _shares("generated", {key: found[key] for key in goals if key in found}, goals)
        ceilings = agreement(bench.judge, real, scenes, told_order=by_words)
        figures |= _shares("real", {key: ceilings[key] for key in goals if key in ceilings}, {})
        distances = set_distances(images, real, bench.config.evaluation)
        figures |= _plain(f"generated_{scene_set}", distances, bench.count)
        if "low_resolution" in told.parts:
            figures |= super_resolution(bench, told, data, scenes, images, real)
        if "inpainting" in told.parts:
            figures |= inpainting(bench, told, data, images, real)
        if by_words and scene_set == "one":
            figures["seconds_per_picture"] = seconds(bench, told, data)
    return figures


def conditions(bench: Bench, data: TrainingSet) -> Told:
    """Return what tells the model of held-out scenes; inpainting removes the thing, so that it is painted anew."""
    model = bench.model
    whole = InpaintingConfig(thing_share=1.0)
    return known_conditions(
        model.conditioner, whole, data, model.autoencoder, bench.folder, Watch(), text_learns=True
    )  # fmt: skip


def asked(model: LatentDiffusion, bench: Bench) -> Mapping[str, Mapping[str, float | None]]:
    """Return the sets of scenes for a model, with the goals of each, by what it is told."""
    data, _ = replace(bench, count=1).scenes("one")
    kinds = conditions(bench, data).parts
    return ASKED[next((kind for kind in ASKED if kind in kinds), "none")]


def reconstruction(bench: Bench) -> Figures:
    """Measure the autoencoder, on scenes with one thing."""
    data, scenes = bench.scenes("one")
    real = pictures(data)
    rebuilt = rebuild(bench.model.autoencoder, real).images
    evaluation = bench.config.evaluation
    found = likeness(rebuilt, real, make_metric(evaluation.perceptual, evaluation.perceptual_folder))
    figures = {
        f"reconstruction/{name}": figure(value, unit_of(name), RECONSTRUCTION.get(name), bench.count)
        for name, value in found.items()
    }
    shares = {key: agreement(bench.judge, rebuilt, scenes)[key] for key in ("named_object", "background_right")}
    return figures | _shares("reconstruction", shares, RECONSTRUCTION)


def super_resolution(
    bench: Bench, told: Told, data: TrainingSet, scenes: list[Scene], images: Tensor, real: Tensor
) -> Figures:  # fmt: skip
    """Compare enlarged pictures with those of a bicubic filter, which stand in the column of peers."""
    part = told.parts["low_resolution"]
    assert isinstance(part, LowResolutionCondition)
    rows = torch.arange(len(images))
    plain = enlarged(part.items(batch_of(data, rows, bench.config.evaluation.seed)), part.scale)
    metric = make_metric(bench.config.evaluation.perceptual, bench.config.evaluation.perceptual_folder)
    mine, theirs = likeness(images, real, metric), likeness(plain, real, metric)
    figures = {}
    for name, value in mine.items():
        judged = name.startswith("perceptual")
        found = figure(
            value, unit_of(name), theirs[name] if judged else None, bench.count, peer=theirs[name], at_most=True
        )
        figures[f"generated/{name}"] = found
    share, other = (agreement(bench.judge, shown, scenes)["named_object"] for shown in (images, plain))
    better = figure(share.value, "share", other.value, share.n, peer=other.value)
    return figures | {"generated/named_object": better}


def inpainting(bench: Bench, told: Told, data: TrainingSet, images: Tensor, real: Tensor) -> Figures:
    """Measure how well the repainted part goes with the rest."""
    batch = batch_of(data, torch.arange(len(images)), bench.config.evaluation.seed)
    masks = told.parts["inpainting"].items(batch)[:, 3:]
    values = {"seam_psnr": float(masked_psnr(images, real, seam(masks)).nanmean())}
    return _plain("generated", values, len(images))


def seconds(bench: Bench, told: Told, data: TrainingSet, times: int = 3) -> dict[str, Any]:
    """Measure the time that one picture takes with the models loaded, the median of several."""
    model, one, taken = bench.model, replace(bench.config.evaluation, pictures=1), []
    for _ in range(times):
        began = time.perf_counter()
        generate(model.autoencoder, model.denoiser, told, data, one)
        taken.append(time.perf_counter() - began)
    goal = next((limit for side, limit in SECONDS if data.config.side <= side), None)
    return figure(statistics.median(taken), "s", goal, times, at_most=True)


def figure(
    value: float, unit: str, goal: float | None, n: int, *, peer: float | None = None, at_most: bool = False
) -> dict[str, Any]:  # fmt: skip
    """Return a figure that holds where it is at least its goal, or `at_most` its goal."""
    numbers = {"value": value, "goal": goal, "peer": peer}
    rounded = {name: None if number is None else round(number, 4) for name, number in numbers.items()}
    holds = None if goal is None else value <= goal if at_most else value >= goal
    return {**rounded, "unit": unit, "holds": holds, "n": n}


def _shares(about: str, shares: Mapping[str, Share], goals: Mapping[str, float | None]) -> Figures:
    return {
        f"{about}/{name}": figure(share.value, "share", goals.get(name), share.n) for name, share in shares.items()
    }  # fmt: skip


def _plain(about: str, values: Mapping[str, float], n: int) -> Figures:
    return {f"{about}/{name}": figure(value, unit_of(name), None, n) for name, value in values.items()}


def _save_sheet(images: Tensor, name: str) -> None:
    if folder := os.environ.get("LOOM_SHEETS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        Pillow.fromarray(tile(to_uint8(images[:SHOWN]), 16)).save(Path(folder) / f"{name}.png")
