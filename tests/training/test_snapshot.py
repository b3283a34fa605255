"""Checkpoints: exact, whole or absent, and no more of them than asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from training import snapshot
from training.config import OptimizerConfig
from training.ema import Ema
from training.optimization import Optimization
from training.snapshot import restore_snapshot, save_snapshot


class Trained:
    """A small network on its way."""

    def __init__(self, seed: int = 0) -> None:
        torch.manual_seed(seed)
        self.module = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))
        self.ema = Ema(self.module, 0.9)
        self.optimization = Optimization(self.module, OptimizerConfig(lr=0.1), 100)
        self.critic = Optimization(nn.Linear(1, 1), OptimizerConfig(lr=0.1), 100)

    def step(self, number: int) -> None:
        made = self.module(torch.full((2, 3), float(number)))
        self.optimization.descend(made.square().mean(), number)
        self.critic.descend(self.critic.module(made.detach()).square().mean(), number)
        self.ema.update(self.module)

    def save(self, folder: Path, step: int, keep: int = 2) -> Path:
        return save_snapshot(folder, step, self.module, self.ema, self.optimization, keep, self.critic)

    def restore(self, folder: Path) -> int:
        return restore_snapshot(folder, self.module, self.ema, self.optimization, self.critic)

    def state(self) -> list[torch.Tensor]:
        both = (self.optimization, self.critic)
        slots = [slot for one in both for slot in one.optimizer.state_dict()["state"].values()]
        moments = [slot[name] for slot in slots for name in sorted(slot)]
        weights = [weight for one in both for weight in one.module.parameters()]
        return [value.clone() for value in (*weights, *self.ema.state_dict().values(), *moments)]


def equal(a: list[torch.Tensor], b: list[torch.Tensor]) -> bool:
    return len(a) == len(b) and all(map(torch.equal, a, b))


def test_a_restored_checkpoint_goes_on_exactly(tmp_path: Path) -> None:
    one, other = Trained(), Trained(seed=9)
    one.step(1)
    one.save(tmp_path, 1)
    assert other.restore(tmp_path) == 1
    one.step(2)
    other.step(2)
    assert equal(one.state(), other.state())


def test_nothing_to_restore_is_step_0(tmp_path: Path) -> None:
    assert Trained().restore(tmp_path / "none") == 0


def test_only_the_newest_are_kept_by_number(tmp_path: Path) -> None:
    trained = Trained()
    for step in (1, 2, 9, 10):
        trained.step(step)
        trained.save(tmp_path, step, keep=2)
    assert {path.name for path in tmp_path.iterdir()} == {"step_9", "step_10"}
    assert trained.restore(tmp_path) == 10


def test_a_crash_before_the_renaming_leaves_the_old_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained = Trained()
    trained.step(1)
    trained.save(tmp_path, 1, keep=1)
    saved = trained.state()
    trained.step(2)

    def crash(file: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(snapshot, "_flush", crash)
        with pytest.raises(OSError, match="No space"):
            trained.save(tmp_path, 2, keep=1)
    fresh = Trained(seed=9)
    assert fresh.restore(tmp_path) == 1
    assert equal(fresh.state(), saved)

    # The next one clears up what the crash left.
    trained.save(tmp_path, 3, keep=1)
    assert {path.name for path in tmp_path.iterdir()} == {"step_3"}


def test_a_checkpoint_that_is_there_is_not_taken_away_to_be_written_again(tmp_path: Path) -> None:
    trained = Trained()
    trained.step(1)
    first = trained.save(tmp_path, 1)
    stamp = (first / "weights.safetensors").stat().st_mtime_ns
    assert trained.save(tmp_path, 1) == first
    assert (first / "weights.safetensors").stat().st_mtime_ns == stamp
