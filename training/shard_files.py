"""A checkpoint in pieces, each written by the rank that holds it: torch's distributed checkpoint.

Pieces know which rows of which tensor they are, so any number of ranks, with shared-out weights or without, can read
what any other number wrote.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.filesystem import FileSystemReader, FileSystemWriter
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import save

from training.learner import Learner

METADATA = ".metadata"  # the name that torch gives it


def write_pieces(folder: Path, learner: Learner) -> None:
    """Write this rank's pieces of what learns into a folder, and have them on the disk; all ranks come here.

    Raises:
        OSError: Some rank could not write; every rank gets the same error.
    """
    tensors = _state(learner) | _named("optimizer", learner.optimization.tensors())
    try:
        save(tensors, storage_writer=FileSystemWriter(folder, sync_files=True))
    except CheckpointException as error:
        raise next((e for e, _ in error.failures.values() if isinstance(e, OSError)), error) from error


def read_pieces(folder: Path, learner: Learner, plain: Mapping[str, Any]) -> None:
    """Load what `write_pieces` wrote into a learner, whatever its ranks hold of it."""
    reader = FileSystemReader(folder)
    stored = reader.read_metadata().state_dict_metadata
    slots = {name: torch.zeros_like(like) for name, like in learner.optimization.slots().items()}
    slots = {name: slot for name, slot in slots.items() if f"optimizer.{name}" in stored}
    ema = learner.ema.state_dict()
    learned = _named("weights", learner.optimization.module.state_dict()) | _named("ema", ema)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "torch.distributed is disabled", UserWarning)  # one rank reads by itself
        load(learned | _named("optimizer", slots), storage_reader=reader)  # into these tensors
    learner.ema.load_state_dict(ema)
    learner.optimization.restore(slots, plain)


def _state(learner: Learner) -> dict[str, Tensor]:
    return _named("weights", learner.optimization.module.state_dict()) | _named("ema", learner.ema.state_dict())


def _named(part: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"{part}.{name}": tensor for name, tensor in tensors.items()}
