"""Runs on two ranks under torchrun, on the processor: the losses of one rank, the same folder, the same commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import InputError
from training.distributed import Ranks
from training.run_folder import read_lines

ROOT = Path(__file__).resolve().parents[2]
TOLERANCE = 1e-5  # of each value: sums over a batch are rounded in another order
COMPARED = ("loss", "grad_norm", "loss_simple", "lr")
Train = Callable[..., Path]


def on_two_ranks(place: Path, target: str, **overrides: str) -> Path:
    """Train under torchrun in `place`; gives the run's folder."""
    settings = [part for key, text in overrides.items() for part in ("--set", f"{key.replace('__', '.')}={text}")]
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", ROOT / "main.py"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*map(str, command), "train", target, *settings], cwd=place, env=environment, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "stopped at" in done.stdout or "finished" in done.stdout
    return place / "runs" / overrides.get("name", "tiny")


def curves(folder: Path) -> list[tuple[Any, ...]]:
    lines = read_lines(folder / "metrics.jsonl")
    return [(line["phase"], line["step"], *(line[name] for name in COMPARED if name in line)) for line in lines]


def close(found: list[tuple[Any, ...]], wanted: list[tuple[Any, ...]]) -> bool:
    assert [line[:2] for line in found] == [line[:2] for line in wanted]
    return all(a[2:] == pytest.approx(b[2:], rel=TOLERANCE, abs=2e-6) for a, b in zip(found, wanted, strict=True))


def second_stage(finished_run: Path, **more: str) -> dict[str, str]:
    return {"phases": "second_stage", "initial": str(finished_run / "models"), "second_stage__steps": "4", **more}


def test_two_ranks_learn_as_one_and_one_goes_on_where_they_stopped(
    train: Train, finished_run: Path, tmp_path: Path
) -> None:
    def stop_when_saved() -> None:
        deadline = time.monotonic() + 200
        while not (run / "checkpoints/second_stage/LATEST").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        (run / "control" / "1.json").write_text(json.dumps({"command": "stop"}))

    whole = train(name="whole", **second_stage(finished_run))
    run = tmp_path / "runs" / "tiny"
    watcher = threading.Thread(target=stop_when_saved)
    watcher.start()
    on_two_ranks(tmp_path, "tiny.toml", **second_stage(finished_run))
    watcher.join()
    for left in (run / "control").glob("*.json"):
        left.unlink()
    train("runs/tiny")
    assert json.loads((run / "status.json").read_bytes())["state"] == "finished"
    assert close(curves(run), curves(whole))


@pytest.mark.slow
def test_two_ranks_learn_as_one_in_the_first_stage(train: Train, tmp_path: Path) -> None:
    first = {"phases": "first_stage,decoder", "first_stage__ddconfig__dropout": "0.0", "sample_every": "2"}
    assert close(
        curves(on_two_ranks(tmp_path, "tiny.toml", **first)), curves(train(name="one", **first))
    )  # fmt: skip


def test_a_batch_that_cannot_be_shared_out_is_refused() -> None:
    with pytest.raises(InputError, match="Batches of 4 in second_stage cannot be shared out among 3 ranks"):
        Ranks(0, 3).parts("second_stage", 1, 4)
    assert Ranks(1, 2).parts("second_stage", 2, 8) == 4
