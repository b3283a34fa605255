"""Checkpoints: written aside, flushed, renamed; old ones are removed only after the new one is whole."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from training.ema import Ema
from training.optimization import Optimization


def save_snapshot(
    folder: Path,
    step: int,
    module: nn.Module,
    ema: Ema,
    optimization: Optimization,
    keep: int,
    critic: Optimization | None = None,
) -> Path:
    """Save everything that an exact resume needs as `folder`/step_N, then drop all but the newest `keep`.

    Order, augmentation and noise are functions of the run's seed and the step, so the step is the data position.
    """
    final, aside = folder / f"step_{step}", folder / f".step_{step}"
    if final.exists():
        # A step decides its state, so a run that was resumed and stopped at once has nothing new to save.
        return final
    for torn in folder.glob(".step_*"):
        shutil.rmtree(torn)
    aside.mkdir(parents=True)
    _save(aside / "weights.safetensors", module.state_dict())
    _save(aside / "ema.safetensors", ema.state_dict())
    state = {"step": step, "groups": _save_optimizer(aside / "optimizer.safetensors", optimization.optimizer)}
    if critic is not None:
        _save(aside / "critic.safetensors", critic.module.state_dict())
        state["critic_groups"] = _save_optimizer(aside / "critic_optimizer.safetensors", critic.optimizer)
    (aside / "state.json").write_text(json.dumps(state))
    for file in aside.iterdir():
        _flush(file)
    aside.rename(final)
    for _, old in _found(folder)[:-keep]:
        shutil.rmtree(old)
    return final


def restore_snapshot(
    folder: Path, module: nn.Module, ema: Ema, optimization: Optimization, critic: Optimization | None = None
) -> int:
    """Load the newest whole checkpoint of `folder` and return its step, or 0 if there is none."""
    found = _found(folder)
    if not found:
        return 0
    step, path = found[-1]
    state = json.loads((path / "state.json").read_text())
    module.load_state_dict(load_file(path / "weights.safetensors"))
    ema.load_state_dict(load_file(path / "ema.safetensors"))
    _load_optimizer(path / "optimizer.safetensors", optimization.optimizer, state["groups"])
    if critic is not None:
        critic.module.load_state_dict(load_file(path / "critic.safetensors"))
        _load_optimizer(path / "critic_optimizer.safetensors", critic.optimizer, state["critic_groups"])
    return step


def _found(folder: Path) -> list[tuple[int, Path]]:
    return sorted((int(path.name.removeprefix("step_")), path) for path in folder.glob("step_*"))


def _save(file: Path, tensors: Mapping[str, Tensor]) -> None:
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, file)


def _save_optimizer(file: Path, optimizer: torch.optim.Optimizer) -> list[dict[str, Any]]:
    """Write an optimizer's tensors and return its settings, which are plain values."""
    state = optimizer.state_dict()
    _save(file, {f"{i}.{name}": value for i, slots in state["state"].items() for name, value in slots.items()})
    groups: list[dict[str, Any]] = state["param_groups"]
    return groups


def _load_optimizer(file: Path, optimizer: torch.optim.Optimizer, groups: list[dict[str, Any]]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in load_file(file).items():
        index, name = key.split(".", 1)
        state.setdefault(int(index), {})[name] = value
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def _flush(file: Path) -> None:
    descriptor = os.open(file, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
