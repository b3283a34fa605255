"""A trial of a configuration: how many parameters its networks have, and what three steps take in time and memory.

`python -m training.trial CONFIG.toml` trains each phase for three steps in a temporary folder and prints one JSON
object. It is a process of its own, so that it measures the memory of training alone and can be ended at any time.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from operator import attrgetter
from pathlib import Path
from typing import Any

import torch
from torch import nn

from core.models.unet import UNetModel
from training import worker
from training.config import RunConfig, load_config
from training.first_stage import make_autoencoder
from training.run_folder import read_lines

STEPS = 3
_ITEMS = 4  # batches of data that are rendered for it
_PLACES = (
    "initial", "data.path", "first_stage.begins_from", "first_stage.perceptual_folder", "decoder.perceptual_folder",
    "second_stage.base", "second_stage.begins_from", "evaluation.perceptual_folder", "evaluation.features_folder",
    "evaluation.clip_folder",
)  # fmt: skip
"""Fields that name a file or a folder, from where the process runs if they are relative."""


def count_parameters(config: RunConfig) -> dict[str, int]:
    """The parameters of the autoencoder and of the denoiser, without making their weights.

    Raises:
        LookupError, TypeError, ValueError, AssertionError: The networks cannot be built as configured.
    """
    found = {}
    with torch.device("meta"):
        if "first_stage" in config.phases and config.first_stage.ddconfig:
            found["autoencoder"] = _count(make_autoencoder(config.first_stage))
        if "second_stage" in config.phases and config.second_stage.unet:
            width, z = config.second_stage.text.n_embed, config.first_stage.embed_dim
            arguments = {
                "image_size": 32, "in_channels": z, "out_channels": z, "context_dim": width,
                "num_classes": "sequential", "adm_in_channels": width, "use_spatial_transformer": True,
                **config.second_stage.unet,
            }  # fmt: skip
            found["denoiser"] = _count(UNetModel(**arguments))
    return found


def measure(config_file: Path) -> dict[str, Any]:
    """Train each phase for three steps; return seconds a step and in all by phase, and the peak memory in bytes.

    Raises:
        LoomError: The configuration cannot be used.
    """
    config = load_config(config_file)
    phases = [(name, getattr(config, name)) for name in config.phases]
    largest = max(stage.batch_size for _, stage in phases)
    overrides = {
        "name": "trial", "log_every": "1", "sample_every": str(10**9), "checkpoint_every": str(10**9),
        **{f"{name}.steps": str(STEPS) for name, _ in phases},
        "data.count": str(min(config.data.count, largest * _ITEMS)),
        **_absolute_places(config),  # as the trial runs elsewhere
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        worker.main(config_file, overrides)
        lines = read_lines(Path("runs/trial/metrics.jsonl"))
    seconds = {}
    for name, stage in phases:
        # The first step makes buffers, and the clock of the speed begins before it.
        rates = [line["samples_per_second"] for line in lines if line["phase"] == name and "loss" in line][1:]
        seconds[name] = stage.batch_size / (sum(rates) / len(rates))
    return {
        "seconds_per_step": seconds,
        "seconds": {name: seconds[name] * stage.steps for name, stage in phases},
        "peak_bytes": _peak_bytes(),
    }


def _absolute_places(config: RunConfig) -> dict[str, str]:
    """The places that a configuration names, by field, as they are found from every folder."""
    named = {name: attrgetter(name)(config) for name in _PLACES}
    return {name: str(Path(place).absolute()) for name, place in named.items() if place}


def _count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _peak_bytes() -> int:
    """Most memory that this process held: of the graphics card where it computed there, else its own."""
    if torch.cuda.is_available() and torch.cuda.max_memory_allocated():
        return torch.cuda.max_memory_allocated()
    if sys.platform == "win32":
        return 0
    import resource

    # Linux counts in KiB, macOS in bytes.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    found = measure(Path(sys.argv[1]).resolve())
    sys.stdout.write(json.dumps(found) + "\n")
