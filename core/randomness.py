"""Seeds and noise: the same seed gives the same noise on every device and in every batch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor

MAX_SEED = 2**63 - 1


def derived_seed(*parts: int | str) -> int:
    """Return a seed in [0, 2**63) that depends on every part, such as a run's seed, a purpose and a step."""
    text = "/".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(*parts: int | str) -> torch.Generator:
    """Return a CPU generator seeded by `derived_seed` of the parts."""
    return torch.Generator().manual_seed(derived_seed(*parts))


class NoiseSource:
    """Standard normal noise with a stream for each sample, so that a picture does not depend on its batch."""

    def __init__(self, seeds: Sequence[int]) -> None:
        """Start a stream for each seed, 0 to `MAX_SEED`."""
        self._streams = [torch.Generator().manual_seed(seed) for seed in seeds]

    def __call__(self, like: Tensor) -> Tensor:
        """Draw noise of the shape, dtype and device of `like` [b, ...], b the number of seeds."""
        drawn = [torch.randn(like.shape[1:], generator=stream) for stream in self._streams]
        return torch.stack(drawn).to(device=like.device, dtype=like.dtype)
