"""Quality of the shipped models on scenes that no run learned from, judged by a network, with the ceilings beside.

    LOOM_QUALITY_N=1000 python -m benchmarks quality

Each model makes pictures for the conditions of held-out scenes, sampled as its configuration's [evaluation] says. What
the judge says of the real pictures and of their reconstructions is the ceiling of what it says of generated ones.
Settings from the environment: LOOM_QUALITY_N pictures of each kind of scene (1,000 unless told), LOOM_QUALITY_MODELS
the models, comma-separated (all unless told; one that is not installed is said so and left out), LOOM_SHEETS a folder
for contact sheets.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from benchmarks.figures import Figures, figure, of_share
from benchmarks.quality_tasks import Bench, measure_task, tasks_of
from core.checkpoints.model_folder import autoencoder_folder, load_autoencoder, load_model, read_description
from core.checkpoints.model_library import SHIPPED, find, folders
from core.errors import InputError
from training.config import load_config
from training.evaluation.agreement import agreement
from training.evaluation.held_out import pictures
from training.evaluation.reconstruction import likeness, rebuild
from training.evaluation.report import unit_of
from training.judge import FILE, find_judge, load_judge
from training.perceptual.metric import make_metric

CONFIGS = Path(__file__).parents[1] / "resources" / "training"
FAMILY = (
    "stickers-24", "stickers-24-class", "stickers-24-layout", "stickers-24-semantic-map", "stickers-24-inpainting",
    "stickers-24-super-resolution", "stickers-24-vq",
)  # fmt: skip
COUNT = 1000
RECONSTRUCTION = {"psnr": 28.0, "named_object": 0.95}


def measure() -> Figures:
    """Measure every chosen model that is installed."""
    torch.set_num_threads(1)
    count = int(os.environ.get("LOOM_QUALITY_N", str(COUNT)))
    sheets = os.environ.get("LOOM_SHEETS")
    figures: Figures = {}
    for name in available(chosen("LOOM_QUALITY_MODELS")):
        with tempfile.TemporaryDirectory(prefix="loom-quality-") as folder:
            bench = open_bench(name, count, Path(folder), Path(sheets) if sheets else None)
            figures |= {f"{name}/{about}": found for about, found in measure_model(bench).items()}
    return figures


def chosen(variable: str) -> Sequence[str]:
    """Return the names of models: those that the environment tells, or the family and all others that are shipped."""
    if told := os.environ.get(variable):
        return [name.strip() for name in told.split(",")]
    shipped = [name for name, folder in folders().items() if folder.parent == SHIPPED]
    return list(dict.fromkeys([*FAMILY, *shipped]))


def available(names: Sequence[str]) -> Sequence[str]:
    """Return those that are installed and have a configuration; say which are left out.

    Raises:
        InputError: There is none.
    """
    there = [name for name in names if name in folders() and (CONFIGS / f"{name}.toml").exists()]
    for name in names:
        if name not in there:
            missing = f"resources/training/{name}.toml is missing" if name in folders() else "it is not installed"
            print(f"{name} is left out: {missing}.")
    if not there:
        raise InputError(
            "There is no model to be measured.", why=f"None of {', '.join(names)} is installed.",
            fix="Install one, or name others: LOOM_QUALITY_MODELS=NAME,NAME python -m benchmarks quality",
        )  # fmt: skip
    return there


def open_bench(name: str, count: int, folder: Path, sheets: Path | None = None) -> Bench:
    """Load a model, its configuration and a judge of its pictures; `folder` is for rendered scenes.

    Raises:
        InputError: Nobody can judge its pictures.
    """
    models, config = find(name), load_config(CONFIGS / f"{name}.toml")
    judge = find_judge(config.data.scenes, [models, *folders().values()])
    if judge is None:
        raise InputError(
            f"Nobody can judge the pictures of {name}.", why="No judge.safetensors knows all that its scenes show.",
            fix=f"Train one: python -m training.judge_training {CONFIGS / name}.toml {models / FILE}",
        )  # fmt: skip
    model = load_model(models) if "denoiser" in read_description(models) else None
    autoencoder = load_autoencoder(models) if model is None else model.autoencoder
    shares = autoencoder_folder(models) != models
    return Bench(autoencoder, model, config, load_judge(judge), count, folder, sheets, shares=shares)


def measure_model(bench: Bench) -> Figures:
    """Measure the autoencoder, if it is the model's own, and all that the model can be asked for."""
    figures = {} if bench.shares else reconstruction(bench)
    if bench.model is None:
        return figures
    data, _ = bench.scenes("own")
    for task in tasks_of(bench.told(data)):
        began = time.perf_counter()
        figures |= measure_task(bench, task)
        print(f"{bench.config.name}: {task.name}, {task.scenes}: {time.perf_counter() - began:.0f} s")
    return figures


def reconstruction(bench: Bench) -> Figures:
    """Measure the autoencoder, on scenes with one thing."""
    data, scenes = bench.scenes("one")
    real = pictures(data)
    rebuilt = rebuild(bench.autoencoder, real).images
    evaluation = bench.config.evaluation
    found = likeness(rebuilt, real, make_metric(evaluation.perceptual, evaluation.perceptual_folder))
    figures = {
        name: figure(value, unit_of(name), RECONSTRUCTION.get(name), bench.count) for name, value in found.items()
    }
    seen = {"": agreement(bench.judge, rebuilt, scenes), "/real": agreement(bench.judge, real, scenes)}
    for name in ("named_object", "background_right"):
        for ending, shares in seen.items():
            figures[f"{name}{ending}"] = of_share(shares[name], None if ending else RECONSTRUCTION.get(name))
    return {f"reconstruction/{name}": one for name, one in figures.items()}
