"""Seeded loss curves as golden files, so that a change of structure leaves what is learned as it was.

`LOOM_REFRESH_CURVES=1 python -m pytest tests/training/test_curves.py` writes them anew, after a change that is meant to
alter them. Processors round sums differently, and a run amplifies that step by step: 1e-3 of each value is allowed.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from training.run_folder import read_lines

CURVES = Path(__file__).resolve().parents[1] / "golden" / "curves"
TOLERANCE = 1e-3
NOT_COMPARED = ("samples_per_second", "phase")


def curves(run: Path, phase: str) -> dict[str, list[float]]:
    """Every term of a phase's steps."""
    lines = [line for line in read_lines(run / "metrics.jsonl") if line["phase"] == phase and "loss" in line]
    names = dict.fromkeys(name for line in lines for name in line if name not in NOT_COMPARED)
    return {name: [line[name] for line in lines if name in line] for name in names}


@pytest.mark.parametrize("phase", ["first_stage", "decoder", "second_stage"])
def test_a_seeded_run_repeats_its_golden_curves(finished_run: Path, phase: str) -> None:
    found, file = curves(finished_run, phase), CURVES / f"{phase}.json"
    if os.environ.get("LOOM_REFRESH_CURVES"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    golden = json.loads(file.read_bytes())
    assert found.keys() == golden.keys()
    for name, values in golden.items():
        assert found[name] == pytest.approx(values, rel=TOLERANCE, abs=1e-5), name
