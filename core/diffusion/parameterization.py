"""What the network predicts: the noise eps, the clean latent x_0, or the velocity v.

Ho et al. (arXiv 2006.11239), equation 12, for eps; Salimans and Ho (arXiv 2202.00512), section 4 and appendix D, for
v = sqrt(alpha_bar) eps - sqrt(1 - alpha_bar) x_0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import Tensor

from core.diffusion.noise_schedule import NoiseSchedule


class Parameterization(StrEnum):
    """What the network predicts."""

    EPS = "eps"
    X0 = "x0"
    V = "v"


@dataclass(frozen=True)
class Prediction:
    """What a network's answer says about a noisy latent x_t = sqrt(alpha_bar) x0 + sqrt(1 - alpha_bar) eps.

    Attributes:
        x0: The clean latent, [b, c, h, w].
        eps: The noise, [b, c, h, w].
    """

    x0: Tensor
    eps: Tensor


OutputModel = Callable[[Tensor, Tensor], Tensor]
"""A network under its conditions: noisy latent [b, c, h, w] and steps t [b] to what it was trained to predict."""

Model = Callable[[Tensor, Tensor], Prediction]
"""A denoiser as a sampler sees it: noisy latent [b, c, h, w] and steps t [b] to x_0 and eps."""


def predicting(kind: Parameterization, schedule: NoiseSchedule, output: OutputModel) -> Model:
    """Wrap a network so that a sampler need not know what it predicts."""

    def model(x_t: Tensor, t: Tensor) -> Prediction:
        prediction = output(x_t, t)
        return Prediction(to_x0(kind, schedule, prediction, x_t, t), to_eps(kind, schedule, prediction, x_t, t))

    return model


def target(kind: Parameterization, schedule: NoiseSchedule, x_0: Tensor, eps: Tensor, t: Tensor) -> Tensor:
    """Return what the network should predict for x_0 and eps [b, c, h, w] at steps t [b]."""
    if kind is Parameterization.EPS:
        return eps
    if kind is Parameterization.X0:
        return x_0
    signal, sigma = schedule.signal_and_noise(t, x_0)
    return signal * eps - sigma * x_0


def to_eps(kind: Parameterization, schedule: NoiseSchedule, prediction: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
    """Turn a prediction [b, c, h, w] at x_t and steps t [b] into the noise that it implies."""
    if kind is Parameterization.EPS:
        return prediction
    signal, sigma = schedule.signal_and_noise(t, x_t)
    if kind is Parameterization.X0:
        return (x_t - signal * prediction) / sigma
    return signal * prediction + sigma * x_t


def to_x0(kind: Parameterization, schedule: NoiseSchedule, prediction: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
    """Turn a prediction [b, c, h, w] at x_t and steps t [b] into the clean latent that it implies."""
    if kind is Parameterization.X0:
        return prediction
    signal, sigma = schedule.signal_and_noise(t, x_t)
    if kind is Parameterization.EPS:
        return (x_t - sigma * prediction) / signal
    return signal * x_t - sigma * prediction


def min_snr_weight(kind: Parameterization, schedule: NoiseSchedule, t: Tensor, gamma: float) -> Tensor:
    """Return the loss weight of steps t [b] by Hang et al. (arXiv 2303.09556), section 3.4: [b].

    The weight of the x_0 error is min(SNR, gamma); in the network's own terms it is divided by SNR for eps and by
    SNR + 1 for v.
    """
    a = schedule.alpha_bar.to(t.device)[t]
    snr = a / (1 - a)
    own = {Parameterization.EPS: snr, Parameterization.X0: torch.ones_like(snr), Parameterization.V: snr + 1}[kind]
    return (snr.clamp(max=gamma) / own).float()


def vlb_weights(kind: Parameterization, schedule: NoiseSchedule) -> Tensor:
    """Return the weight of each step's loss in the variational bound, [T], float32.

    Equation 12 of arXiv 2006.11239 for eps; for x_0 and v the weights of the published models' code, which are no
    bound. The first step's would be infinite and takes the second's.
    """
    # The published weights are made from float32 tables, whose rounding shows in 1 - a of the first steps.
    a, alphas = schedule.alpha_bar.float(), (1 - schedule.betas).float()
    if kind is Parameterization.V:
        return torch.ones_like(a)
    if kind is Parameterization.X0:
        weights = 0.5 * a.sqrt() / (2 - a)
    else:
        weights = schedule.betas.float() ** 2 / (2 * schedule.posterior_variance.float() * alphas * (1 - a))
    return torch.cat([weights[1:2], weights[1:]])
