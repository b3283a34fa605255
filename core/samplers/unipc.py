"""UniPC: a predictor of any order, and a corrector that raises it by one without another call of the model.

Zhao et al., "UniPC: A Unified Predictor-Corrector Framework" (arXiv 2302.04867), algorithms 1 and 2 in their form for
predicted x_0 (appendix A), with B(h) = e^h - 1. lambda = log(alpha / sigma); m_i is the x_0 expected at step i.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import torch
from torch import Tensor

from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Model
from core.samplers.known_region import BeforeStep
from core.samplers.step_record import StepCallback
from core.samplers.stepping import Levels, follow, levels, visited


def unipc(
    model: Model,
    x: Tensor,
    schedule: NoiseSchedule,
    grid: Tensor,
    *,
    order: int = 2,
    lower_order_final: bool = True,
    before: BeforeStep | None = None,
    callback: StepCallback | None = None,
) -> Tensor:
    """Solve the probability flow from the last step of `grid` to step 0, one call of the model a step.

    Args:
        model: Predicts x_0 and eps from x_t [b, c, h, w] and t [b].
        x: Latent at the noise level of grid[-1], [b, c, h, w].
        schedule: The forward process the model was trained with.
        grid: Increasing steps t, [S].
        order: The predictor's, 1 to 3; lower in the first steps, whose past is short.
        lower_order_final: Whether it is lower in the last steps too, for stability in few steps.
        before: Changes x_t before each step, as `known_region` does; what it changed is not corrected.
        callback: Called after each step.

    Returns:
        The final latent, [b, c, h, w].

    Raises:
        ValueError: The order is none of 1, 2, 3.
    """
    if order not in (1, 2, 3):
        raise ValueError(f"order must be 1, 2 or 3; got {order}.")
    at = levels(schedule, grid)
    past: deque[_Past] = deque(maxlen=order)  # newest first
    start: Tensor | None = None  # the corrected latent of the step before
    used = 1  # the order of the last prediction

    def step(i: int, x_t: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        nonlocal start, used
        m = model(x_t, t).x0
        if start is not None and before is None:
            x_t = _move(at, i, start, list(past)[:used], m)
        past.appendleft(_Past(m, at.lam(i)))
        used = min(order, i + 1, at.steps - i if lower_order_final else order)
        start = x_t
        return _move(at, i + 1, x_t, list(past)[:used], None), m

    return follow(visited(grid), x, step, before, callback)


@dataclass(frozen=True)
class _Past:
    """What the model said at a level lambda."""

    m: Tensor
    lam: float


def _move(at: Levels, to: int, x: Tensor, past: list[_Past], m_end: Tensor | None) -> Tensor:
    """Go from level `to` - 1 to `to`; with the prediction `m_end` at the end, this is the corrector."""
    newest, h = past[0], at.lam(to) - at.lam(to - 1)
    first = at.sigma[to] / at.sigma[to - 1] * x - at.alpha[to] * math.expm1(-h) * newest.m
    if math.isinf(h):  # from noise alone: the past is infinitely far away
        return first
    # D_k = (m_k - m_0) / r_k, with r_k the past's place in units of the step; the end is at 1.
    finite = [old for old in past[1:] if not math.isinf(old.lam)]
    r = [(old.lam - newest.lam) / h for old in finite]
    D = [(old.m - newest.m) / place for old, place in zip(finite, r, strict=True)]
    if m_end is not None:
        r, D = [*r, 1.0], [*D, m_end - newest.m]
    if not D:
        return first
    weights = _weights(r, h, len(D))
    change = sum((w * d for w, d in zip(weights[1:], D[1:], strict=True)), weights[0] * D[0])
    return first - at.alpha[to] * math.expm1(-h) * change


def _weights(r: list[float], h: float, order: int) -> list[float]:
    """Solve R(r) rho = b, equation 5 for predicted x_0; a single weight is 1/2, as the paper advises."""
    if order == 1:
        return [0.5]
    places, B = torch.tensor(r, dtype=torch.float64), math.expm1(-h)
    R = torch.stack([places**k for k in range(order)])
    b, phi, factorial = [], B / -h - 1, 1
    for k in range(1, order + 1):
        b.append(phi * factorial / B)
        factorial *= k + 1
        phi = phi / -h - 1 / factorial
    solved: list[float] = torch.linalg.solve(R, torch.tensor(b, dtype=torch.float64)).tolist()
    return solved
