"""Time and peak memory of the UNet and the decoder, as shares of diffusers' on the same weights and machine.

    python -m benchmarks speed

Each measurement runs both, in turns first, on one thread; a ratio is the median of the pairs' ratios, with the least
and the most beside it. Memory is by how much the process grew at its largest, weights not counted, where the system
(Linux) tells it. LOOM_SPEED_PAIRS = how many pairs, 7 unless told.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor

from benchmarks.peers import (
    SD15_UNET,
    SD_AUTOENCODER,
    SMALL_UNET,
    Pair,
    autoencoder_pair,
    picture,
    prediction,
    unet_pair,
)

GOAL = 0.95
Call = Callable[[], Tensor]
Figures = dict[str, dict[str, Any]]


def measure() -> Figures:
    """Return ratios (ours to diffusers'), seconds and megabytes by name."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    pairs = int(os.environ.get("LOOM_SPEED_PAIRS", "7"))
    figures: Figures = {}
    try:
        with torch.no_grad():
            for name, ours, peer in _cases():
                figures |= compared(name, ours, peer, pairs)
    finally:
        torch.set_num_threads(threads)
    return figures


def _cases() -> Iterator[tuple[str, Call, Call]]:
    """Make one case after another, so that one pair of networks is in memory at a time."""
    yield _unet_case("small UNet, 16 × 16", unet_pair(SMALL_UNET), 16, SMALL_UNET["context_dim"])
    yield _decoder_case("SD decoder, 256 × 256 pixels", autoencoder_pair(SD_AUTOENCODER), 32)
    large = unet_pair(SD15_UNET)
    for side in (32, 64):
        yield _unet_case(f"SD 1.5 UNet, {side} × {side}", large, side, SD15_UNET["context_dim"])


def _unet_case(name: str, pair: Pair, side: int, context_dim: int) -> tuple[str, Call, Call]:
    given = torch.randn(1, 4, side, side), torch.tensor([500]), torch.randn(1, 77, context_dim)
    return name, partial(prediction, pair.ours, *given), partial(prediction, pair.peer, *given)


def _decoder_case(name: str, pair: Pair, side: int) -> tuple[str, Call, Call]:
    z = torch.randn(1, 4, side, side)
    return name, partial(picture, pair.ours, z), partial(picture, pair.peer, z)


def compared(name: str, ours: Call, peer: Call, pairs: int) -> Figures:
    """Measure `pairs` pairs after one that warms up.

    Raises:
        RuntimeError: The two do not compute the same.
    """
    worst = float((ours() - peer()).abs().max())
    if worst > 1e-3:
        raise RuntimeError(f"{name}: ours and diffusers' differ by {worst:.1e}, so that their times say nothing.")
    return measured(name, ours, peer, pairs)


def measured(name: str, ours: Call, peer: Call, pairs: int) -> Figures:
    """Measure `pairs` pairs of two that compute the same and have warmed up."""
    times = [_in_turns(seconds, ours, peer, index) for index in range(pairs)]
    ratios = sorted(mine / other for mine, other in times)
    figures = {
        f"{name}: time, share of diffusers'": _figure(median(ratios), "", pairs, GOAL),
        f"{name}: time, least and most": _figure(ratios[0], f"to {ratios[-1]:.3f}", pairs),
        f"{name}: time": _figure(median(t[0] for t in times), "s", pairs, peer=median(t[1] for t in times)),
    }
    if Path("/proc/self/clear_refs").exists():
        grown = [_in_turns(megabytes, ours, peer, index) for index in range(min(pairs, 3))]
        mine, other = (median(side) for side in zip(*grown, strict=True))
        if other:  # Nothing grew where both fitted in what the process already held: that has no share.
            figures[f"{name}: peak memory, share of diffusers'"] = _figure(mine / other, "", len(grown), 1.0)
        figures[f"{name}: peak memory"] = _figure(mine, "MB", len(grown), peer=other)
    return figures


def _in_turns(cost: Callable[[Call], float], ours: Call, peer: Call, index: int) -> tuple[float, float]:
    """Return the cost of both, the peer first every second time."""
    if index % 2 == 0:
        return cost(ours), cost(peer)
    other = cost(peer)
    return cost(ours), other


def seconds(call: Call) -> float:
    """Return how long a call takes; a quick one is repeated for a tenth of a second."""
    began, calls = time.perf_counter(), 0
    while not calls or time.perf_counter() - began < 0.1:
        call()
        calls += 1
    return (time.perf_counter() - began) / calls


def megabytes(call: Call) -> float:
    """Return by how much the process grows at its largest during a call; Linux only."""
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)  # else memory kept from the last call hides this one's
    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    call()
    return (_status("VmHWM") - before) / 1024


def _status(field: str) -> int:
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return int(next(line for line in lines if line.startswith(field)).split()[1])


def _figure(value: float, unit: str, n: int, goal: float | None = None, peer: float | None = None) -> dict[str, Any]:
    holds = None if goal is None else value <= goal
    peer = None if peer is None else round(peer, 3)
    return {"value": round(value, 3), "unit": unit, "goal": goal, "holds": holds, "n": n, "peer": peer}
