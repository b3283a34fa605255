"""Cards of models, made of what was measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import card
from benchmarks.figures import figure
from benchmarks.quality import CONFIGS

MACHINE = {"processor": "a chip", "cores": 2, "torch": "2.13"}


@pytest.fixture
def measured(tmp_path: Path) -> dict[str, Path]:
    """Files with figures of two models, and a run."""
    quality = {
        "stickers-24/text/named_object": figure(0.9, "share", 0.93, 1000),
        "stickers-24/text/named_object/reconstructed": figure(0.99, "share", None, 1000),
        "stickers-24/text/named_object/real": figure(1.0, "share", None, 1000),
        "other/text/named_object": figure(0.123, "share", None, 1000),
    }
    sweep = {
        f"stickers-24/text/one/ddim/{steps}/2/{about}": figure(steps / 100, "share", None, 200)
        for steps in (10, 25) for about in ("named_object", "seconds")
    }  # fmt: skip
    files = {"quality": tmp_path / "quality.json", "sweep": tmp_path / "sweep.json", "run": tmp_path / "run"}
    files["quality"].write_text(json.dumps({"figures": quality, "machine": MACHINE}), "utf-8")
    files["sweep"].write_text(json.dumps({"figures": sweep, "machine": MACHINE}), "utf-8")
    files["run"].mkdir()
    config = (CONFIGS / "stickers-24.toml").read_text("utf-8")
    (files["run"] / "config.toml").write_text(config, "utf-8")
    rows = [
        {"phase": "second_stage", "step": 50, "samples_per_second": 32.0},
        {"phase": "second_stage", "step": 50, "eval/loss": 1.0},
        {"phase": "second_stage", "step": 150, "samples_per_second": 16.0},
    ]
    torn = '{"phase": "sec'  # as the last line is while a run goes on
    (files["run"] / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + torn, "utf-8")
    return files


def test_a_card_tells_all_that_was_measured(measured: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [part for name, path in measured.items() for part in (f"--{name}", str(path))]
    assert card.main(["stickers-24", *arguments]) == 0
    text = capsys.readouterr().out
    for part in (
        "# stickers-24", "denoiser (6.7M parameters)", "`resources/training/stickers-24.toml`, seed 11",
        "second stage 10,000 × 32", "second stage 4 minutes", "2 cores of a chip", "ddim, 25 steps, guidance 2", "MIT",
        "| text: named object | 0.9 share | 0.93 (falls short) | 0.99 | 1 |  | 1000 |",
        "| sampler | steps | guidance | named object | seconds |", "| ddim | 25 | 2 | 0.25 | 0.25 |",
    ):  # fmt: skip
        assert part in text
    assert "0.123" not in text


def test_a_card_without_measurements_says_so() -> None:
    text = card.card("stickers-24", [], None, None, "It draws.", "MIT")
    assert "| training time | not recorded |" in text
    assert text.endswith("It draws.\n")
