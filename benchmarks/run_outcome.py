"""All that a resumed run has to repeat of an undisturbed one: what it learned, keeps, shows and tells, except times.

Weights, averages, moments, the finished models, sample grids, notes and the fingerprint of the data are compared byte
by byte, metrics number by number; pieces of shared-out checkpoints tensor by tensor, as headers carry random names.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.distributed.checkpoint.filesystem import FileSystemReader
from torch.distributed.checkpoint.metadata import TensorStorageMetadata
from torch.distributed.checkpoint.state_dict_loader import load

from training.run_folder import read_lines
from training.shard_files import METADATA

Outcome = dict[str, Any]
# Times, and what is only told while a run works.
_OWN = ("config.toml", "status.json", "events.jsonl", "metrics.jsonl", "lost_rank.json", ".lock")
_TIMES = ("samples_per_second",)


def outcome(run: Path) -> Outcome:
    """Return it by name: bytes of files, tensors, lines of metrics."""
    files = [file for file in run.rglob("*") if file.is_file() and file.name not in _OWN]
    pieces = {file.parent for file in files if file.name == METADATA}
    found: Outcome = {}
    for file in files:
        if file.parent not in pieces:
            found[str(file.relative_to(run))] = file.read_bytes()
    for folder in pieces:
        name = str(folder.relative_to(run))
        state = json.loads((folder / "state.json").read_bytes())
        found[f"{name}/state.json"] = {key: value for key, value in state.items() if key != "files"}
        found |= {f"{name}/{key}": tensor for key, tensor in tensors_in(folder).items()}
    return found | metrics(run)


def metrics(run: Path) -> dict[str, Any]:
    """Return the lines of the metrics by phase, step and what they tell; a repeated step has to repeat them."""
    found: dict[str, Any] = {}
    for line in read_lines(run / "metrics.jsonl"):
        values = {name: value for name, value in line.items() if name not in _TIMES}
        key = f"metrics of {line['phase']}, step {line['step']}: {', '.join(values)}"
        found[key] = values if found.get(key, values) == values else "differs from itself"
    return found


def tensors_in(folder: Path) -> dict[str, Tensor]:
    """Return the tensors of a checkpoint in pieces, whole."""
    reader = FileSystemReader(folder)
    stored = reader.read_metadata().state_dict_metadata
    whole = {
        name: torch.zeros(about.size, dtype=about.properties.dtype)
        for name, about in stored.items()
        if isinstance(about, TensorStorageMetadata)
    }
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "torch.distributed is disabled", UserWarning)
        load(dict(whole), storage_reader=reader)
    return whole


def differences(one: Outcome, other: Outcome) -> list[str]:
    """Return the names of what only one of them has, or what is not the same in both."""
    return sorted(name for name in one.keys() | other.keys() if not _same(one.get(name), other.get(name)))


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    return type(one) is type(other) and bool(one == other)
