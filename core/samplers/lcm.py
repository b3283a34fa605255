"""Multistep consistency sampling for latent consistency models: guess the clean latent, noise it again, repeat.

Luo et al., "Latent Consistency Models" (arXiv 2310.04378), multistep sampling; Song et al. (arXiv 2303.01469),
equation 5, for the skip that makes the guess exact at t = 0.
"""

from __future__ import annotations

from torch import Tensor

from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Model
from core.samplers.known_region import BeforeStep
from core.samplers.step_record import StepCallback
from core.samplers.stepping import Noise, follow

SIGMA_DATA = 0.5
TIME_SCALE = 10.0


def lcm(
    model: Model,
    x: Tensor,
    schedule: NoiseSchedule,
    grid: Tensor,
    *,
    noise: Noise,
    before: BeforeStep | None = None,
    callback: StepCallback | None = None,
) -> Tensor:
    """Sample in 1 to 8 steps; for a model distilled to it, others give soft pictures.

    Args:
        model: Predicts x_0 and eps from x_t [b, c, h, w] and t [b].
        x: Latent at the noise level of grid[-1], [b, c, h, w].
        schedule: The forward process the model was trained with.
        grid: Increasing steps t, [S]; trailing ones, as the model was distilled at the steps before T.
        noise: Draws fresh noise, once for each step but the last.
        before: Changes x_t before each step, as `known_region` does to keep a part of a picture.
        callback: Called after each step.

    Returns:
        The final latent, clean, [b, c, h, w].
    """
    falling = grid.flip(0)

    def step(index: int, x_t: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        scaled = TIME_SCALE * float(falling[index])
        c_skip = SIGMA_DATA**2 / (scaled**2 + SIGMA_DATA**2)
        c_out = scaled / (scaled**2 + SIGMA_DATA**2) ** 0.5
        x_0 = c_skip * x_t + c_out * model(x_t, t).x0
        if index + 1 == len(falling):
            return x_0, x_0
        t_next = falling[index + 1].expand(len(x_t))
        return schedule.add_noise(x_0, noise(x_0), t_next), x_0

    return follow(grid, x, step, before, callback)
