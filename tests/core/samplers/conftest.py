"""What the samplers are tried on: Gaussian data, whose denoiser and probability flow are known."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from benchmarks.gaussian_data import GaussianData
from core.diffusion.noise_schedule import NoiseSchedule


@pytest.fixture
def data() -> GaussianData:
    """Numbers N(0.7, 0.4^2) under Stable Diffusion's schedule."""
    return GaussianData(NoiseSchedule(linear_start=0.00085, linear_end=0.012))


@pytest.fixture
def z() -> Tensor:
    """Deviations from the mean, [2, 1, 2, 2]."""
    return torch.tensor([-2.0, -0.5, 0.3, 1.7, 0.0, 0.1, 1.0, -1.0], dtype=torch.float64).reshape(2, 1, 2, 2)
