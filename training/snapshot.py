"""Checkpoints: written aside, flushed, renamed; old ones are removed only after the new one is whole."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from training.ema import Ema


def save_snapshot(
    folder: Path, step: int, module: nn.Module, ema: Ema, optimizer: torch.optim.Optimizer, keep: int
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
    save_file({k: v.contiguous() for k, v in module.state_dict().items()}, aside / "weights.safetensors")
    save_file({k: v.contiguous() for k, v in ema.state_dict().items()}, aside / "ema.safetensors")
    tensors, groups = _flatten(optimizer)
    save_file(tensors, aside / "optimizer.safetensors")
    (aside / "state.json").write_text(json.dumps({"step": step, "groups": groups}))
    for file in aside.iterdir():
        _flush(file)
    aside.rename(final)
    for _, old in _found(folder)[:-keep]:
        shutil.rmtree(old)
    return final


def restore_snapshot(folder: Path, module: nn.Module, ema: Ema, optimizer: torch.optim.Optimizer) -> int:
    """Load the newest whole checkpoint of `folder` and return its step, or 0 if there is none."""
    found = _found(folder)
    if not found:
        return 0
    step, path = found[-1]
    module.load_state_dict(load_file(path / "weights.safetensors"))
    ema.load_state_dict(load_file(path / "ema.safetensors"))
    groups = json.loads((path / "state.json").read_text())["groups"]
    _unflatten(optimizer, load_file(path / "optimizer.safetensors"), groups)
    return step


def _found(folder: Path) -> list[tuple[int, Path]]:
    return sorted((int(path.name.removeprefix("step_")), path) for path in folder.glob("step_*"))


def _flatten(optimizer: torch.optim.Optimizer) -> tuple[dict[str, Tensor], list[dict[str, Any]]]:
    state = optimizer.state_dict()
    tensors = {f"{i}.{name}": value for i, slots in state["state"].items() for name, value in slots.items()}
    return tensors, state["param_groups"]


def _unflatten(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor], groups: list[dict[str, Any]]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        index, name = key.split(".", 1)
        state.setdefault(int(index), {})[name] = value
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def _flush(file: Path) -> None:
    descriptor = os.open(file, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
