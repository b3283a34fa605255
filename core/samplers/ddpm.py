"""DDPM's ancestral sampling: draw from the posterior of each step, with the expected x_0 in place of the true one.

Ho et al. (arXiv 2006.11239), algorithm 2 with equations 6 and 7; over a part of the steps as Nichol and Dhariwal
(arXiv 2102.09672), section 4, where the step from t to t' < t has beta = 1 - alpha_bar_t / alpha_bar_t'.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Model
from core.samplers.known_region import BeforeStep
from core.samplers.step_record import StepCallback
from core.samplers.stepping import Noise, follow


def ddpm(
    model: Model,
    x: Tensor,
    schedule: NoiseSchedule,
    grid: Tensor,
    *,
    noise: Noise,
    clip: bool = False,
    before: BeforeStep | None = None,
    callback: StepCallback | None = None,
) -> Tensor:
    """Run the reverse process from the last step of `grid` to the clean latent.

    Args:
        model: Predicts x_0 and eps from x_t [b, c, h, w] and t [b].
        x: Latent at the noise level of grid[-1], [b, c, h, w].
        schedule: The forward process the model was trained with; its `v_posterior` decides the variance.
        grid: Increasing steps t, [S]; `torch.arange(T)` is the whole process.
        noise: Draws fresh noise, once for each step but the last.
        clip: Whether x_0 is known to lie in [-1, 1], as for pixels; latents do not.
        before: Changes x_t before each step, as `known_region` does to keep a part of a picture.
        callback: Called after each step.

    Returns:
        The final latent, [b, c, h, w].
    """
    alpha_bar = schedule.alpha_bar_at(grid)
    alpha_bar_prev = torch.cat([torch.ones(1, dtype=torch.float64), alpha_bar[:-1]])

    def step(index: int, x_t: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        i = len(grid) - 1 - index
        a, a_prev = float(alpha_bar[i]), float(alpha_bar_prev[i])
        beta = 1 - a / a_prev
        x_0 = model(x_t, t).x0
        x_0 = x_0.clamp(-1, 1) if clip else x_0
        # Equation 7.
        mean = beta * a_prev**0.5 / (1 - a) * x_0 + (1 - a_prev) * (a / a_prev) ** 0.5 / (1 - a) * x_t
        if i == 0:
            return mean, x_0
        v = schedule.v_posterior
        variance = (1 - v) * beta * (1 - a_prev) / (1 - a) + v * beta
        return mean + variance**0.5 * noise(x_t), x_0

    return follow(grid, x, step, before, callback)
