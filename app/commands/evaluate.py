"""`python main.py evaluate RUN|MODEL [--config CONFIG.toml] [--set key=value]... [--json]`: how good a model is."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from app.commands.train import CONFIGS, read_overrides
from core.errors import InputError


def main(arguments: list[str]) -> int:
    """Measure a model on held-out data and print the figures; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="main.py evaluate", description="Measure a model on data that it did not learn from."
    )
    parser.add_argument("target", type=Path, help="a run folder, a model folder, or the name of an installed model")
    parser.add_argument("--config", type=Path, help="the configuration whose data it is measured on")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="such as pictures=1000, count=500, guidance=3"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    overrides = {f"evaluation.{key}": value for key, value in read_overrides(options.set).items()}

    from training.config import load_config
    from training.data.watch import Watch
    from training.evaluation.evaluate import evaluate, model_folder_of
    from training.opening_run import RUNS
    from training.worker import CACHE

    models = model_folder_of(options.target)
    config = load_config(options.config or config_of(options.target, models), overrides)
    report = evaluate(models, config.data, config.evaluation, RUNS / CACHE, Watch(tell=tell))
    print(json.dumps(report.to_json(), indent=2) if options.json else report.as_text())
    return 0


def config_of(target: Path, models: Path) -> Path:
    """Return the configuration that a model comes from: that of its run, or the shipped one of its name.

    Raises:
        InputError: Neither is there.
    """
    for path in (target / "config.toml", models.parent / "config.toml", CONFIGS / f"{models.name}.toml"):
        if path.is_file():
            return path
    raise InputError(
        f"It is not known what {target} learned from.",
        why=f"There is no config.toml of a run beside it, and no resources/training/{models.name}.toml.",
        fix="Name a configuration with that data: --config CONFIG.toml",
    )


def tell(what: str, done: int, total: int) -> None:
    """Say on stderr what begins."""
    if done == 0:
        print(f"{what} ({total:,})...", file=sys.stderr)
