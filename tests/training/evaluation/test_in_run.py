"""Evaluation on a schedule, in real runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from training.run_folder import read_lines

Train = Callable[..., Path]


def evaluations(folder: Path) -> list[dict[str, Any]]:
    """What was measured on the run's schedule; the held-out loss belongs to checkpoints."""
    lines = read_lines(folder / "metrics.jsonl")
    return [line for line in lines if not {"loss", "eval/loss"} & line.keys()]


def losses(folder: Path) -> list[float]:
    return [line["loss"] for line in read_lines(folder / "metrics.jsonl") if "loss" in line]


def test_each_phase_writes_its_figures_on_schedule_and_training_is_as_without(
    train: Train, finished_run: Path
) -> None:  # fmt: skip
    folder = train(name="watched", evaluation__every="2", evaluation__count="6")
    lines = evaluations(folder)
    steps = [(line["phase"], line["step"]) for line in lines]
    assert steps == [
        ("first_stage", 2), ("first_stage", 4), ("decoder", 2), ("second_stage", 2), ("second_stage", 4),
    ]  # fmt: skip
    assert {"eval/psnr", "eval/ssim", "eval/perceptual_efficientnet_lite0"} < set(lines[0])
    assert {"eval/loss_simple", *(f"eval/loss_q{part}" for part in range(4))} < set(lines[-1])
    assert losses(folder) == losses(finished_run)


def test_figures_of_equal_weights_are_equal(train: Train) -> None:
    once, again = (train(name=name, phases='["first_stage"]', evaluation__every="4") for name in ("one", "two"))
    assert evaluations(once) == evaluations(again)
