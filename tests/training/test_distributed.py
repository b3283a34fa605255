"""Runs on two ranks, on the processor: the losses of one rank, the same folder, the same commands."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from core.errors import InputError, LoomError
from training.distributed import Ranks
from training.run_folder import read_lines

ROOT = Path(__file__).resolve().parents[2]
TOLERANCE = 1e-5  # of each value: sums over a batch are rounded in another order
COMPARED = ("loss", "grad_norm", "loss_simple", "lr")
Train = Callable[..., Path]


@contextlib.contextmanager
def second_rank(monkeypatch: pytest.MonkeyPatch, before: str = "pass") -> Iterator[None]:
    """Let this process be the first of two ranks inside the block, as torchrun would.

    The other one does `before`, and trains; it has to succeed if this one does.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    world = {"TORCHELASTIC_RUN_ID": "test", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    code = f"import sys\nfrom pathlib import Path\nfrom training import worker\n{before}\nsys.exit(worker.main(Path()))"
    command = [sys.executable, "-c", code]
    mine = {"RANK": "1", "LOCAL_RANK": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    environment = {**os.environ, **world, **mine}
    other = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        with monkeypatch.context() as patch:
            for name, value in {**world, "RANK": "0", "LOCAL_RANK": "0"}.items():
                patch.setenv(name, value)
            yield
        _, complaint = other.communicate(timeout=60)
        assert other.returncode == 0, complaint
    finally:
        other.kill()
        other.communicate()


@contextlib.contextmanager
def stopped_when_saved(run: Path) -> Iterator[None]:
    """Have a run told to stop as soon as it has a checkpoint."""

    def stop() -> None:
        deadline = time.monotonic() + 60
        while not (run / "checkpoints/second_stage/LATEST").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        (run / "control" / "1.json").write_text(json.dumps({"command": "stop"}))

    watcher = threading.Thread(target=stop)
    watcher.start()
    try:
        yield
    finally:
        watcher.join()
        for left in (run / "control").glob("*.json"):
            left.unlink()


def curves(folder: Path) -> list[tuple[Any, ...]]:
    lines = [line for line in read_lines(folder / "metrics.jsonl") if "loss" in line]
    return [(line["phase"], line["step"], *(line[name] for name in COMPARED if name in line)) for line in lines]


def close(found: list[tuple[Any, ...]], wanted: list[tuple[Any, ...]]) -> bool:
    assert [line[:2] for line in found] == [line[:2] for line in wanted]
    return all(a[2:] == pytest.approx(b[2:], rel=TOLERANCE, abs=2e-6) for a, b in zip(found, wanted, strict=True))


def assert_same_models(found: Path, wanted: Path) -> None:
    for name in ("denoiser", "text_encoder"):
        weights = load_file(wanted / f"models/{name}.safetensors")
        torch.testing.assert_close(load_file(found / f"models/{name}.safetensors"), weights, rtol=1e-5, atol=1e-6)


def second_stage(finished_run: Path, **more: str) -> dict[str, str]:
    initial = str(finished_run / "models")
    return {"phases": "second_stage", "initial": initial, "second_stage__steps": "4", "sample_every": "2", **more}


@pytest.fixture
def whole(train: Train, finished_run: Path) -> Path:
    """The folder of an undisturbed run on one rank."""
    return train(name="whole", **second_stage(finished_run))


@pytest.mark.parametrize("mode", ["replicate", pytest.param("shard", marks=pytest.mark.slow)])
def test_two_ranks_learn_as_one_and_one_goes_on_where_they_stopped(
    train: Train, finished_run: Path, whole: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    run = whole.with_name("tiny")
    with stopped_when_saved(run), second_rank(monkeypatch):
        train(**second_stage(finished_run, distributed__mode=mode))
    checkpoint = run / "checkpoints/second_stage" / (run / "checkpoints/second_stage/LATEST").read_text()
    assert len([*checkpoint.glob("*.distcp")]) == (2 if mode == "shard" else 0)
    train("runs/tiny")
    assert json.loads((run / "status.json").read_bytes())["state"] == "finished"
    assert close(curves(run), curves(whole))
    assert_same_models(run, whole)


@pytest.mark.slow
def test_two_ranks_share_out_what_one_began(
    train: Train, finished_run: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = whole.with_name("tiny")
    with stopped_when_saved(run):
        train(**second_stage(finished_run, distributed__mode="shard"))
    with second_rank(monkeypatch):
        train("runs/tiny")
    assert close(curves(run), curves(whole))
    assert_same_models(run, whole)


@pytest.mark.slow
def test_torchrun_starts_two_ranks_that_learn_as_one_in_the_first_stage(train: Train, tmp_path: Path) -> None:
    first = {"phases": "first_stage,decoder", "first_stage__ddconfig__dropout": "0.0", "sample_every": "2"}
    one = train(name="one", **first)
    settings = [part for key, text in first.items() for part in ("--set", f"{key.replace('__', '.')}={text}")]
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*command, str(ROOT / "main.py"), "train", "tiny.toml", *settings], cwd=tmp_path, timeout=300, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "finished" in done.stdout
    assert close(curves(tmp_path / "runs/tiny"), curves(one))


def test_too_little_memory_on_another_rank_is_told_as_the_reason_why_the_run_failed(
    train: Train, finished_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exhaust = """
import torch
from training.second_stage import SecondStage
SecondStage.loss = lambda self, step, part=0: torch.empty(2**60, dtype=torch.uint8)
"""
    with (
        pytest.raises(LoomError, match=r"Rank 1: Step 0 of second_stage did not fit into memory: 2 samples") as failed,
        second_rank(monkeypatch, exhaust),
    ):
        train(**second_stage(finished_run))
    status = json.loads(Path("runs/tiny/status.json").read_bytes())
    assert status["state"] == "failed"
    assert status["error"]["fix"] == failed.value.fix
    events = [line for line in read_lines(Path("runs/tiny/events.jsonl")) if line["event"] == "failed"]
    assert len(events) == 1


def test_a_batch_that_cannot_be_shared_out_is_refused() -> None:
    with pytest.raises(InputError, match="Batches of 4 in second_stage cannot be shared out among 3 ranks"):
        Ranks(0, 3).parts("second_stage", 1, 4)
    assert Ranks(1, 2).parts("second_stage", 2, 8) == 4
