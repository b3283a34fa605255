"""`python main.py train CONFIG.toml|RUN_FOLDER [--set key=value]...`: training in this process, without a screen."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.errors import InputError

CONFIGS = Path(__file__).resolve().parents[2] / "resources" / "training"


def main(arguments: list[str]) -> int:
    """Train until the run is done or stopped; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="main.py train", description="Train the autoencoder, then the diffusion model."
    )
    parser.add_argument("target", type=Path, help="a config file to begin with, or a run folder to go on with")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="override a config value")
    options = parser.parse_args(arguments)
    overrides = read_overrides(options.set)
    if not options.target.exists():
        configs = ", ".join(f"resources/training/{path.name}" for path in sorted(CONFIGS.glob("*.toml")))
        raise InputError(
            f"{options.target} is not here.",
            why="Training begins from a config file (.toml) or goes on in a run folder.",
            fix=f"Name an existing one. Configs that come along: {configs or 'none'}.",
        )

    from training import worker

    return worker.main(options.target, overrides, tell)


def tell(line: str) -> None:
    """Print a line of progress at once, also into a file or a pipe."""
    print(line, flush=True)


def read_overrides(assignments: list[str]) -> dict[str, str]:
    """Return "key=value" texts as a mapping; the last one of a key holds.

    Raises:
        InputError: A text has no key or no equals sign.
    """
    overrides: dict[str, str] = {}
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not (key.strip() and equals):
            raise InputError(
                f'"--set {assignment}" cannot be read.',
                why="A config value is named by its key, an equals sign and the value.",
                fix="Write it as in: --set first_stage.steps=1000.",
            )
        overrides[key.strip()] = value
    return overrides
