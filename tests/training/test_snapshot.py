"""Checkpoints: exact, whole or absent, and no more of them than asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from core.errors import LoomError
from training import snapshot
from training.config import OptimizerConfig
from training.ema import Ema
from training.learner import Learner
from training.optimization import Optimization
from training.snapshot import prune, restore_snapshot, save_snapshot


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

    @property
    def learner(self) -> Learner:
        return Learner(self.ema, self.optimization, self.critic)

    def save(self, folder: Path, step: int, keep: int = 2) -> Path:
        saved = save_snapshot(folder, step, self.learner, {"note": step})
        prune(folder, keep)
        return saved

    def restore(self, folder: Path) -> int:
        found = restore_snapshot(folder, self.learner)
        assert found.extra.get("note", 0) == found.step
        return found.step

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


def checkpoints(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"LATEST"}


def test_only_the_newest_are_kept_by_number(tmp_path: Path) -> None:
    trained = Trained()
    for step in (1, 2, 9, 10):
        trained.step(step)
        trained.save(tmp_path, step, keep=2)
    assert checkpoints(tmp_path) == {"step_9", "step_10"}
    assert trained.restore(tmp_path) == 10


def test_the_best_is_kept_beside_the_newest(tmp_path: Path) -> None:
    trained = Trained()
    for step in (1, 2, 3):
        trained.save(tmp_path, step, keep=9)
    prune(tmp_path, 1, also=1)
    assert checkpoints(tmp_path) == {"step_1", "step_3"}


@pytest.mark.parametrize("place", ["flush", "write_atomically"])
def test_a_disk_that_fills_up_while_saving_leaves_the_old_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    trained = Trained()
    trained.step(1)
    trained.save(tmp_path, 1, keep=1)
    saved = trained.state()
    trained.step(2)

    def full(*given: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(snapshot, place, full)
        with pytest.raises(OSError, match="No space"):
            trained.save(tmp_path, 2, keep=1)
    assert checkpoints(tmp_path) == {"step_1"}
    fresh = Trained(seed=9)
    assert fresh.restore(tmp_path) == 1
    assert equal(fresh.state(), saved)
    trained.save(tmp_path, 3, keep=1)
    assert checkpoints(tmp_path) == {"step_3"}


def test_what_a_kill_left_of_a_checkpoint_is_cleared_up_by_the_next(tmp_path: Path) -> None:
    trained = Trained()
    (tmp_path / ".step_1").mkdir()
    (tmp_path / ".step_1" / "weights.safetensors").write_bytes(b"half")
    assert trained.restore(tmp_path) == 0
    trained.save(tmp_path, 2)
    assert checkpoints(tmp_path) == {"step_2"}


def test_the_one_that_latest_names_is_loaded_though_a_newer_one_is_there(tmp_path: Path) -> None:
    """A kill between the renaming and LATEST leaves it so; so does a person who goes back."""
    trained = Trained()
    for step in (1, 2):
        trained.step(step)
        trained.save(tmp_path, step)
    (tmp_path / "LATEST").write_text("step_1")
    assert trained.restore(tmp_path) == 1


@pytest.mark.parametrize("file", ["weights", "ema", "optimizer", "critic", "critic_optimizer"])
@pytest.mark.parametrize("damage", ["cut", "changed", "gone"])
def test_a_torn_checkpoint_is_passed_over_for_the_one_before(tmp_path: Path, file: str, damage: str) -> None:
    trained = Trained()
    trained.step(1)
    trained.save(tmp_path, 1)
    saved = trained.state()
    trained.step(2)
    torn = trained.save(tmp_path, 2) / f"{file}.safetensors"
    content = bytearray(torn.read_bytes())
    content[-1] ^= 1
    if damage == "gone":
        torn.unlink()
    else:
        torn.write_bytes(content[:-1] if damage == "cut" else content)
    fresh = Trained(seed=9)
    found = restore_snapshot(tmp_path, fresh.learner)
    assert (found.step, found.damaged) == (1, ("step_2",))
    assert equal(fresh.state(), saved)


def test_a_run_does_not_begin_again_when_all_its_checkpoints_are_damaged(tmp_path: Path) -> None:
    trained = Trained()
    (trained.save(tmp_path, 1) / "state.json").write_text("{")
    with pytest.raises(LoomError, match=r"No checkpoint in .* is whole") as refused:
        trained.restore(tmp_path)
    assert "step_1" in refused.value.why
