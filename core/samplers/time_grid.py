"""Which of the T steps a sampler visits.

Song et al., "Denoising Diffusion Implicit Models" (arXiv 2010.02502), section 4.2 and appendix D.2.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.errors import InputError


def ddim_timesteps(steps: int, timesteps: int = 1000, method: str = "uniform") -> Tensor:
    """Return increasing steps t of the noise schedule, int64, as the reference implementation spaces them.

    "uniform" takes every (T // steps)-th and adds one, so a number that does not divide T gives a few more steps;
    "quad" spaces them quadratically, denser near the data.

    Raises:
        InputError: Fewer than 1 step, or more than the schedule has.
    """
    if not 1 <= steps <= timesteps:
        raise InputError(
            f"{steps} sampling steps cannot be taken.",
            why=f"The model was trained with {timesteps} steps of noise.",
            fix=f"Use 1 to {timesteps} steps; 20 to 50 are usual.",
            port="steps",
        )
    if method == "uniform":
        # Where adding one would leave the schedule (steps = T), the grid is every step from 0.
        grid = torch.arange(0, timesteps, timesteps // steps) + 1
        return grid if int(grid[-1]) < timesteps else grid - 1
    if method == "quad":
        roots = torch.linspace(0, (timesteps * 0.8) ** 0.5, steps, dtype=torch.float64)
        return (roots**2).to(torch.int64) + 1
    raise ValueError(f'method must be "uniform" or "quad"; got {method!r}.')
