"""What a model's pictures show by sampler, number of steps and guidance: its settings are chosen by this.

    LOOM_SWEEP_MODELS=stickers-24 python -m benchmarks sweep --json > sweep.json

`python -m benchmarks.card` makes a table of the result. Settings from the environment: LOOM_SWEEP_MODELS the models,
comma-separated (the whole family unless told), LOOM_SWEEP_N pictures for each setting (200 unless told),
LOOM_SWEEP_SAMPLERS, LOOM_SWEEP_STEPS and LOOM_SWEEP_GUIDANCE the values, comma-separated, of which every combination is
measured. Models that guidance does not change are measured without it. The scenes are other ones than those on which
quality is measured, so that settings are not chosen by the test.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import torch

from benchmarks.figures import Figures, figure, of_share, plain
from benchmarks.quality import available, chosen, open_bench
from benchmarks.quality_tasks import Asked, Bench, answered, ask, shares_of, tasks_of
from training.evaluation.config import EvaluationConfig
from training.evaluation.evaluate import set_distances
from training.evaluation.held_out import pictures
from training.evaluation.reconstruction import likeness
from training.perceptual.metric import make_metric

FIRST_SEED = 2_100_000_000
COUNT, SAMPLERS, STEPS, GUIDANCE = "200", "ddim,dpmpp_2m", "10,25,50", "1,1.5,2,3,5"


def measure() -> Figures:
    """Measure every combination on every task of the chosen models."""
    torch.set_num_threads(1)
    count = int(os.environ.get("LOOM_SWEEP_N", COUNT))
    figures: Figures = {}
    for name in available(chosen("LOOM_SWEEP_MODELS")):
        with tempfile.TemporaryDirectory(prefix="loom-sweep-") as folder:
            bench = replace(open_bench(name, count, Path(folder)), first_seed=FIRST_SEED)
            figures |= {f"{name}/{about}": found for about, found in sweep_model(bench).items()}
    return figures


def sweep_model(bench: Bench) -> Figures:
    """Measure every combination on every task of a model, but for the one that has nothing to be told."""
    figures: Figures = {}
    if bench.model is None:
        return figures
    for task in tasks_of(bench.told(bench.scenes("own")[0])):
        if not task.goals:
            continue
        asked = ask(bench, task)
        for sampled in combinations(bench.config.evaluation, guided=has_null(asked)):
            name = f"{task.name}/{task.scenes}/{sampled.sampler}/{sampled.steps}/{sampled.guidance:g}"
            found = measure_combination(bench, asked, sampled)
            figures |= {f"{name}/{about}": one for about, one in found.items()}
            print(f"{bench.config.name}/{name}: " + ", ".join(f"{a} {b['value']:g}" for a, b in found.items()))
    return figures


def measure_combination(bench: Bench, asked: Asked, sampled: EvaluationConfig) -> Figures:
    """Return the shares of a task's goals, distances to real pictures, and the seconds that a picture takes."""
    began = time.perf_counter()
    images = answered(bench, asked, sampled)
    took, real = (time.perf_counter() - began) / len(images), pictures(asked.data)
    figures = {name: of_share(share) for name, share in shares_of(bench, asked, images).items()}
    if asked.task.name in ("low_resolution", "inpainting"):
        metric = make_metric(sampled.perceptual, sampled.perceptual_folder)
        figures |= plain(likeness(images, real, metric), len(images))
    figures |= plain(set_distances(images, real, sampled), len(images))
    return figures | {"seconds": figure(took, "s", None, len(images))}


def combinations(base: EvaluationConfig, *, guided: bool) -> Iterator[EvaluationConfig]:
    """Yield how pictures are sampled, for every combination of the values in the environment."""
    samplers, steps, scales = (
        values(name, usual) for name, usual in (("SAMPLERS", SAMPLERS), ("STEPS", STEPS), ("GUIDANCE", GUIDANCE))
    )  # fmt: skip
    for sampler, count, scale in product(samplers, steps, scales if guided else ("1",)):
        yield replace(base, sampler=sampler, steps=int(count), guidance=float(scale))


def values(name: str, usual: str) -> Sequence[str]:
    """Return the comma-separated values of a setting."""
    return [value.strip() for value in os.environ.get(f"LOOM_SWEEP_{name}", usual).split(",")]


def has_null(asked: Asked) -> bool:
    """Whether guidance has something to move away from."""
    return any(asked.told.parts[kind].conditioner.has_null for kind in asked.kinds)
