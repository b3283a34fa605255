"""What a model is asked for, and how well it did: each task on held-out scenes, with the ceilings beside.

Every figure of what pictures show stands beside the same of the scenes' real pictures and of their reconstructions,
which are what a perfect model could reach at most.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image as Pillow
from torch import Tensor

from benchmarks.figures import Figures, figure, of_share, plain
from core.diffusion.latent_diffusion import Autoencoder, LatentDiffusion
from core.imaging.image import to_uint8
from training.conditions.build import known_conditions
from training.conditions.config import InpaintingConfig
from training.conditions.maps import LowResolutionCondition
from training.conditions.told import Told
from training.config import RunConfig
from training.data.training_set import TrainingSet
from training.data.watch import Watch
from training.datasets.scenes import Scene, SceneConfig
from training.evaluation.agreement import Share, agreement, map_agreement
from training.evaluation.config import EvaluationConfig
from training.evaluation.evaluate import set_distances
from training.evaluation.generation import batch_of, generate
from training.evaluation.held_out import held_out, pictures, scenes_of
from training.evaluation.pictured import enlarged, masked_psnr, seam
from training.evaluation.reconstruction import likeness, rebuild
from training.judge import Judge
from training.perceptual.metric import make_metric
from training.phase import tile

FIRST_SEED = 2_000_000_000  # beyond the scenes that runs and judges learn from, and that runs are watched on
SETS: Mapping[str, dict[str, Any]] = {
    "one": {"counts": ((1, 1.0),)},
    "two": {"counts": ((2, 1.0),), "same": 0.0},
    "any": {"counts": ((1, 1.0), (2, 1.0), (3, 1.0))},
    "own": {},
}
SECONDS = ((64, 2.0), (128, 8.0))  # for one picture, by its side in pixels
SHOWN, COLUMNS = 64, 16


@dataclass(frozen=True)
class Task:
    """Something that a model is asked for.

    Attributes:
        name: In the names of figures; that of the kind of condition which decides it.
        scenes: Which of `SETS` is to be shown.
        goals: What is measured of what the pictures show, with the least share that holds; None = reported.
        needs: Kinds of conditions that a model must take.
        alone: Whether only these are told, and all others are left out.
    """

    name: str
    scenes: str
    goals: Mapping[str, float | None] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    alone: bool = True


TASKS = (
    Task("text", "one", {"named_object": 0.93, "background_right": 0.95}, ("text",)),
    Task("text", "two", {"both_objects": 0.70, "named_order": 0.60}, ("text",)),
    Task("class", "one", {"named_object": 0.93}, ("class",)),
    Task("layout", "any", {"object_in_box": 0.85}, ("layout",)),
    Task("semantic_map", "any", {"map_agreement": None, "background_right": 0.95}, ("semantic_map",), alone=False),
    Task("inpainting", "one", {"named_object": None, "background_right": 0.95}, ("inpainting",), alone=False),
    Task("low_resolution", "one", {"named_object": None, "background_right": None}, ("low_resolution",), alone=False),
    Task("unconditional", "own"),
)


@dataclass(frozen=True)
class Bench:
    """A model with what it is measured on.

    Attributes:
        autoencoder: Its first stage.
        model: The whole model; None = it is an autoencoder alone.
        config: What it learned from, and how it is sampled.
        judge: Sees what its pictures show.
        count: Pictures of each set of scenes.
        folder: For rendered scenes.
        sheets: For contact sheets; None = none are made.
        first_seed: Of the scenes.
        shares: Whether the autoencoder is another model's, with which it is measured.
    """

    autoencoder: Autoencoder
    model: LatentDiffusion | None
    config: RunConfig
    judge: Judge
    count: int
    folder: Path
    sheets: Path | None = None
    first_seed: int = FIRST_SEED
    shares: bool = False

    def scenes(self, name: str) -> tuple[TrainingSet, list[Scene]]:
        """Return held-out scenes of one of `SETS`."""
        scenes: SceneConfig = replace(self.config.data.scenes, **SETS[name])
        data = replace(self.config.data, scenes=scenes)
        known = scenes_of(data, self.count, self.first_seed)
        assert known is not None, "a bench is made for scenes"
        return held_out(data, self.count, self.folder, Watch(), self.first_seed), known

    def told(self, data: TrainingSet) -> Told:
        """Return what tells the model of scenes; inpainting removes the thing, so that it is painted anew."""
        assert self.model is not None, "an autoencoder is told nothing"
        whole = InpaintingConfig(thing_share=1.0)
        return known_conditions(
            self.model.conditioner, whole, data, self.autoencoder, self.folder, Watch(), text_learns=True
        )  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A task on its scenes.

    Attributes:
        task: It.
        scenes: What is to be shown.
        data: The same as rows.
        told: What tells the model of them.
        kinds: Which kinds of conditions are told.
    """

    task: Task
    scenes: list[Scene]
    data: TrainingSet
    told: Told
    kinds: tuple[str, ...]

    @property
    def by_words(self) -> bool:
        """Whether words alone tell the model, so that only captions say where things are."""
        return self.kinds == ("text",)


@dataclass(frozen=True)
class Shown:
    """The pictures of a task, [n, 3, h, w] in [-1, 1] each: the model's, the autoencoder's, and the scenes' own."""

    generated: Tensor
    rebuilt: Tensor
    real: Tensor

    @property
    def versions(self) -> Mapping[str, Tensor]:
        """They, by what follows the name of a figure."""
        return {"": self.generated, "/reconstructed": self.rebuilt, "/real": self.real}


def tasks_of(told: Told) -> Iterator[Task]:
    """Yield what a model can be asked for: what it needs is told, and what is not told can be left out."""
    for task in TASKS:
        others = (part for kind, part in told.parts.items() if kind not in task.needs)
        if set(task.needs) <= set(told.parts) and (not task.alone or all(part.conditioner.has_null for part in others)):
            yield task


def ask(bench: Bench, task: Task) -> Asked:
    """Render a task's scenes, and decide what the model is told of them."""
    data, scenes = bench.scenes(task.scenes)
    told = bench.told(data)
    return Asked(task, scenes, data, told, task.needs if task.alone else tuple(told.parts))


def answered(bench: Bench, asked: Asked, sampled: EvaluationConfig | None = None) -> Tensor:
    """Return the model's pictures, [n, 3, h, w]; sampled as its configuration says, or in another way."""
    assert bench.model is not None, "an autoencoder generates nothing"
    sampled = replace(sampled or bench.config.evaluation, pictures=bench.count)
    if not asked.kinds:
        sampled = replace(sampled, guidance=1.0)  # there is nothing to be guided to
    return generate(bench.autoencoder, bench.model.denoiser, asked.told, asked.data, sampled, kinds=asked.kinds)


def measure_task(bench: Bench, task: Task) -> Figures:
    """Compare generated, reconstructed and real pictures of the same held-out scenes."""
    asked = ask(bench, task)
    generated, real = answered(bench, asked), pictures(asked.data)
    shown = Shown(generated, rebuild(bench.autoencoder, real).images, real)
    _save_sheet(bench, asked, shown)
    figures = what_is_shown(bench, asked, shown)
    figures |= plain(set_distances(generated, real, bench.config.evaluation), len(generated), f"/{task.scenes}")
    if task.name == "low_resolution":
        figures |= super_resolution(bench, asked, shown)
    if task.name == "inpainting":
        figures |= inpainting(bench, asked, shown)
    if asked.by_words and task.scenes == "one":
        figures |= seconds(bench, asked)
    return {f"{task.name}/{name}": found for name, found in figures.items()}


def shares_of(bench: Bench, asked: Asked, images: Tensor) -> dict[str, Share]:
    """Return the shares that a task has goals for, of pictures [n, 3, h, w]."""
    found = agreement(bench.judge, images, asked.scenes, told_order=asked.by_words)
    if "map_agreement" in asked.task.goals:
        found["map_agreement"] = map_agreement(bench.judge, images, asked.scenes)
    return {name: found[name] for name in asked.task.goals if name in found}


def what_is_shown(bench: Bench, asked: Asked, shown: Shown) -> Figures:
    """Return the shares of a task's goals, each followed by its ceilings."""
    found = {ending: shares_of(bench, asked, images) for ending, images in shown.versions.items()}
    return {
        f"{name}{ending}": of_share(shares[name], None if ending else goal)
        for name, goal in asked.task.goals.items() for ending, shares in found.items() if name in shares
    }  # fmt: skip


def super_resolution(bench: Bench, asked: Asked, shown: Shown) -> Figures:
    """Compare enlarged pictures with those of a bicubic filter, which stand in the column of peers."""
    part, evaluation = asked.told.parts["low_resolution"], bench.config.evaluation
    assert isinstance(part, LowResolutionCondition), "the kind of that name"
    rows = torch.arange(len(shown.real))
    filtered = enlarged(part.items(batch_of(asked.data, rows, evaluation.seed)), part.scale)
    metric = make_metric(evaluation.perceptual, evaluation.perceptual_folder)
    mine, theirs, best = (likeness(images, shown.real, metric) for images in (shown.generated, filtered, shown.rebuilt))
    figures: Figures = {}
    for name, value in mine.items():
        # A distance has to be less than the filter's; PSNR, which a blurred picture does well in, is reported.
        goal, unit = (theirs[name], "") if name.startswith("perceptual") else (None, {"psnr": "dB"}.get(name, ""))
        figures[name] = figure(value, unit, goal, len(rows), peer=theirs[name], at_most=True)
        figures[f"{name}/reconstructed"] = figure(best[name], unit, None, len(rows))
    share, other = (
        agreement(bench.judge, images, asked.scenes)["named_object"] for images in (shown.generated, filtered)
    )  # fmt: skip
    return figures | {"named_object": of_share(share, other.value, other.value)}


def inpainting(bench: Bench, asked: Asked, shown: Shown) -> Figures:
    """Measure how well the repainted part goes with the rest."""
    batch = batch_of(asked.data, torch.arange(len(shown.real)), bench.config.evaluation.seed)
    ring = seam(asked.told.parts["inpainting"].items(batch)[:, 3:])
    values = {
        f"seam_psnr{ending}": float(masked_psnr(images, shown.real, ring).nanmean())
        for ending, images in shown.versions.items() if ending != "/real"
    }  # fmt: skip
    return {name: figure(value, "dB", None, len(ring)) for name, value in values.items()}


def seconds(bench: Bench, asked: Asked, times: int = 5) -> Figures:
    """Measure the time that one picture takes with the models loaded, the median of several.

    Of a busy machine, the time of the processor says what the clock would on an idle one, as one thread computes.
    """
    taken, computed = [], []
    for _ in range(times):
        began, busy = time.perf_counter(), time.process_time()
        answered(replace(bench, count=1), asked)
        taken.append(time.perf_counter() - began)
        computed.append(time.process_time() - busy)
    goal = next((limit for side, limit in SECONDS if asked.data.config.side <= side), None)
    return {
        "seconds_per_picture": figure(statistics.median(taken), "s", goal, times, at_most=True),
        "processor_seconds_per_picture": figure(statistics.median(computed), "s", goal, times, at_most=True),
    }


def _save_sheet(bench: Bench, asked: Asked, shown: Shown) -> None:
    """Tile the first pictures, each after what can be seen of its conditions."""
    if bench.sheets is None:
        return
    rows = torch.arange(min(SHOWN, len(shown.generated)))
    batch = batch_of(asked.data, rows, bench.config.evaluation.seed)
    told = (asked.told.parts[kind] for kind in asked.kinds)
    seen = [sheet for part in told if (sheet := part.pictures(batch)) is not None]
    columns = [*seen, to_uint8(shown.generated[rows])]
    in_turn = np.stack(columns, axis=1).reshape(-1, *columns[0].shape[1:])
    os.makedirs(bench.sheets, exist_ok=True)
    path = bench.sheets / f"{bench.config.name}-{asked.task.name}-{asked.task.scenes}.png"
    Pillow.fromarray(tile(in_turn, COLUMNS // len(columns) * len(columns))).save(path)
