"""Which device the work runs on."""

from __future__ import annotations

import os

import torch

from core.errors import InputError


def select(name: str | None = None) -> torch.device:
    """Return the device called `name` ("cpu", "cuda", "cuda:1"), or the best there is for None.

    Raises:
        InputError: The device is unknown or not available on this machine.
    """
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise _unknown(name) from None
    if device.type not in ("cpu", "cuda"):
        raise _unknown(name)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise InputError(
            "CUDA was asked for, but it is not available.",
            why="PyTorch finds no NVIDIA GPU, or this is its CPU build.",
            fix="Use --device cpu, or install the CUDA build of PyTorch.",
        )
    if (device.index or 0) >= max(1, torch.cuda.device_count()):
        raise _unknown(name)
    return device


def _unknown(name: str) -> InputError:
    known = ["cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
    return InputError(
        f"There is no device called {name!r}.", why=f"Known devices are {', '.join(known)}.", fix="Use --device cpu."
    )


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether an error of PyTorch says that a device, or the processor, has no memory left."""
    return isinstance(error, torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)


def release_memory() -> None:
    """Give memory that PyTorch keeps for later allocations back to the device."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def leave_a_core() -> None:
    """Let torch compute on all processors but one, so that a window beside it stays responsive.

    Threads of one operation wait for each other: with every core taken, one busy core would stall them all.
    """
    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))
