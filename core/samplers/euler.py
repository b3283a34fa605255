"""Euler's method on the probability flow, plain or ancestral.

Karras et al., "Elucidating the Design Space of Diffusion-Based Generative Models" (arXiv 2206.00364), algorithm 1
without its correction: dx/dsigma = eps in the variables x / alpha and sigma / alpha. Written with alpha and sigma, a
step keeps x_0 and eps: x' = alpha' x_0 + sigma' eps, which is also DDIM's and holds from noise alone. The ancestral
variant goes further down and adds noise back up, as DDPM does.
"""

from __future__ import annotations

import math

from torch import Tensor

from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Model
from core.samplers.known_region import BeforeStep
from core.samplers.step_record import StepCallback
from core.samplers.stepping import Noise, follow, levels, visited


def euler(
    model: Model,
    x: Tensor,
    schedule: NoiseSchedule,
    grid: Tensor,
    *,
    before: BeforeStep | None = None,
    callback: StepCallback | None = None,
) -> Tensor:
    """Solve the probability flow from the last step of `grid` to step 0, with an error of first order.

    Args:
        model: Predicts x_0 and eps from x_t [b, c, h, w] and t [b].
        x: Latent at the noise level of grid[-1], [b, c, h, w].
        schedule: The forward process the model was trained with.
        grid: Increasing steps t, [S].
        before: Changes x_t before each step, as `known_region` does to keep a part of a picture.
        callback: Called after each step.

    Returns:
        The final latent, [b, c, h, w].
    """
    at = levels(schedule, grid)

    def step(i: int, x_t: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        p = model(x_t, t)
        return at.alpha[i + 1] * p.x0 + at.sigma[i + 1] * p.eps, p.x0

    return follow(visited(grid), x, step, before, callback)


def euler_ancestral(
    model: Model,
    x: Tensor,
    schedule: NoiseSchedule,
    grid: Tensor,
    *,
    eta: float = 1.0,
    noise: Noise,
    before: BeforeStep | None = None,
    callback: StepCallback | None = None,
) -> Tensor:
    """Draw from the data with fresh noise at each step but the last; eta = 0 is `euler`, other arguments as there."""
    at = levels(schedule, grid)

    def step(i: int, x_t: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        p = model(x_t, t)
        down, up = split_noise(at.ratio(i), at.ratio(i + 1), 0.0 if i + 1 == at.steps else eta)
        x_next = at.alpha[i + 1] * (p.x0 + down * p.eps)
        return x_next + at.alpha[i + 1] * up * noise(x_t) if up > 0 else x_next, p.x0

    return follow(visited(grid), x, step, before, callback)


def split_noise(ratio: float, ratio_next: float, eta: float) -> tuple[float, float]:
    """Split the next noise level, sigma / alpha, into what is kept of the old noise and what is fresh.

    Their squares add up to ratio_next^2; with eta = 1, the fresh part is that of the posterior q(x' | x, x_0).
    """
    shrink = 1.0 if math.isinf(ratio) else math.sqrt(max(0.0, 1 - (ratio_next / ratio) ** 2))
    up = min(ratio_next, eta * ratio_next * shrink)
    return math.sqrt(ratio_next**2 - up**2), up
