"""`python main.py evaluate RUN|MODEL [--config CONFIG.toml] [--set key=value]... [--json]`: how good a model is."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.commands.train import CONFIGS, read_overrides

if TYPE_CHECKING:
    from training.config import RunConfig

_SIDE, _SIDES = 64, (16, 1024)  # pixels: of the shipped scenes, and what scenes may have


def main(arguments: list[str]) -> int:
    """Measure a model on held-out data and print the figures; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="main.py evaluate", description="Measure a model on data that it did not learn from."
    )
    parser.add_argument("target", type=Path, help="a run folder, a model folder, or the name of an installed model")
    parser.add_argument(
        "--config", type=Path,
        help="the configuration whose data it is measured on: else its run's, or the shipped one of its name, or else "
        "the shipped scenes",
    )  # fmt: skip
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="such as pictures=1000, count=500, guidance=3"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    overrides = {f"evaluation.{key}": value for key, value in read_overrides(options.set).items()}

    from training.data.watch import Watch
    from training.evaluation.evaluate import evaluate, model_folder_of
    from training.opening_run import RUNS
    from training.worker import CACHE

    models = model_folder_of(options.target)
    config = config_of(options.config or file_of(options.target, models), models, overrides)
    report = evaluate(models, config.data, config.evaluation, RUNS / CACHE, Watch(tell=tell))
    print(json.dumps(report.to_json(), indent=2) if options.json else report.as_text())
    return 0


def file_of(target: Path, models: Path) -> Path | None:
    """Return the configuration that a model comes from: its run's, or the shipped one of its name; None = neither."""
    candidates = (target / "config.toml", models.parent / "config.toml", CONFIGS / f"{models.name}.toml")
    return next((path for path in candidates if path.is_file()), None)


def config_of(file: Path | None, models: Path, overrides: Mapping[str, str]) -> RunConfig:
    """Read a configuration, or make one with the shipped scenes in the size of the model's pictures, and say so.

    Raises:
        InputError: It cannot be used.
    """
    from core.checkpoints.model_folder import read_description
    from training.config import RunConfig, build, load_config
    from training.overrides import override

    if file is not None:
        print(f"Measured on what {file} holds out.", file=sys.stderr)
        return load_config(file, overrides)
    scenes = scenes_for(read_description(models))
    print(
        f"It is not known what {models} learned from, so it is measured on the shipped scenes, {scenes['size']} pixels "
        "wide. Name other data with --config CONFIG.toml.",
        file=sys.stderr,
    )
    table: dict[str, Any] = {"name": models.resolve().name or "model", "data": {"scenes": scenes}}
    for dotted, text in overrides.items():
        override(table, RunConfig, dotted, text)
    return build(RunConfig, table, "The settings")


def scenes_for(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return the size and the classes of scenes that a model can know, by its model.json."""
    from training.datasets.stickers import class_names

    least, most = _SIDES
    scenes: dict[str, Any] = {"size": min(max(picture_side(description), least), most)}
    named = set(names_in(description.get("conditioner") or {}))
    if known := [name for name in class_names() if name in named]:
        scenes["classes"] = known
    return scenes


def names_in(conditioner: Mapping[str, Any]) -> Iterator[str]:
    """Give the names of all classes that a conditioner, or a part of a mixed one, was made for."""
    for key, value in conditioner.items():
        if key == "names":
            yield from value
        elif isinstance(value, Mapping):
            yield from names_in(value)


def picture_side(description: Mapping[str, Any]) -> int:
    """Return the side of the pictures that a model was made for, in pixels, as its model.json tells it."""
    autoencoder, denoiser = description["autoencoder"], description.get("denoiser")
    try:
        if denoiser is not None:
            return int(denoiser["arguments"]["image_size"] * autoencoder["space"]["factor"])
        return int(autoencoder["arguments"]["ddconfig"]["resolution"])
    except (KeyError, TypeError, ValueError):  # loading says what is wrong with it
        return _SIDE


def tell(what: str, done: int, total: int) -> None:
    """Say on stderr what begins."""
    if done == 0:
        print(f"{what} ({total:,})...", file=sys.stderr)
