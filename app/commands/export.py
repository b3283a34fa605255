"""`python main.py export RUN FOLDER [--step N]`: a model folder of what a run has learned so far."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.commands.evaluate import tell


def main(arguments: list[str]) -> int:
    """Write a checkpoint of a run as a model; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="main.py export",
        description="Write the averaged weights of a run's checkpoint as a model folder; the run may be going on.",
    )
    parser.add_argument("run", type=Path, help="a run folder, such as runs/NAME")
    parser.add_argument("folder", type=Path, help="the model folder to make")
    parser.add_argument("--step", type=int, metavar="N", help="which checkpoint (default: the latest)")
    options = parser.parse_args(arguments)

    from training.data.watch import Watch
    from training.export import export_checkpoint

    phase, step = export_checkpoint(options.run, options.folder, Watch(tell=tell), options.step)
    print(f"{options.folder} holds {phase} after step {step:,}")
    print(f"use it in workflows: python main.py models {options.folder} --install NAME")
    return 0
