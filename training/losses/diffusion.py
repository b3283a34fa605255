"""The loss of the second stage: the error of the network's prediction, weighted by the time step.

Ho et al. (arXiv 2006.11239), equations 12 and 14; the learned variance of the error and the mix of simple and
variational terms as in Rombach et al. (arXiv 2112.10752), whose code names them; min-SNR weights after Hang et al.
(arXiv 2303.09556), section 3.4; offset noise after Guttenberg, "Diffusion with Offset Noise" (2023).
Letters: b batch, c channels, h height, w width, T time steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Parameterization, min_snr_weight, vlb_weights

ERRORS = ("l1", "l2")


@dataclass(frozen=True, kw_only=True)
class DiffusionObjective:
    """What the second stage minimizes; names of the reference.

    Attributes:
        loss_type: l2, the squared error, or l1, the absolute one.
        l_simple_weight: Weight of the simple loss, equation 14 of arXiv 2006.11239.
        original_elbo_weight: Weight of the variational bound's loss, equation 12.
        logvar_init: First logarithm of the variance of the error, for every step.
        learn_logvar: Whether that variance is learned for each step.
        offset_noise: Standard deviation of noise that is the same over a channel; 0 = none.
    """

    loss_type: Literal["l1", "l2"] = "l2"
    l_simple_weight: float = 1.0
    original_elbo_weight: float = 0.0
    logvar_init: float = 0.0
    learn_logvar: bool = False
    offset_noise: float = 0.0

    def __post_init__(self) -> None:
        if self.loss_type not in ERRORS:
            raise ValueError(f"loss_type must be among {', '.join(ERRORS)}; got {self.loss_type!r}.")
        if self.offset_noise < 0:
            raise ValueError(f"offset_noise must be 0 or more; got {self.offset_noise!r}.")


@dataclass(frozen=True)
class StepWeights:
    """The weight of each time step's error in the loss: [T] each, float32.

    Attributes:
        simple: In the simple loss, min-SNR included.
        vlb: In the variational bound's.
    """

    simple: Tensor
    vlb: Tensor


@dataclass(frozen=True)
class DiffusionLoss:
    """A scalar to minimize, the unweighted error of each sample [b], and the terms for the log, scalars."""

    total: Tensor
    errors: Tensor
    terms: dict[str, Tensor]


def step_weights(schedule: NoiseSchedule, kind: Parameterization, min_snr_gamma: float = 0.0) -> StepWeights:
    """Tabulate the weights of all steps; `min_snr_gamma` 0 = every step's simple loss counts alike."""
    steps = torch.arange(schedule.timesteps)
    snr = min_snr_weight(kind, schedule, steps, min_snr_gamma) if min_snr_gamma else torch.ones(schedule.timesteps)
    return StepWeights(snr, vlb_weights(kind, schedule))


def diffusion_loss(
    prediction: Tensor,
    target: Tensor,
    t: Tensor,
    weights: StepWeights,
    objective: DiffusionObjective,
    logvar: Tensor | None = None,
) -> DiffusionLoss:
    """Return the loss of predictions [b, c, h, w] for steps t [b].

    `logvar` [T] is the logarithm of the error's variance at each step; None = `objective.logvar_init` at all.
    """
    difference = prediction.float() - target
    error = difference.abs() if objective.loss_type == "l1" else difference.square()
    errors = error.mean(dim=(1, 2, 3))
    table = torch.full_like(weights.simple, objective.logvar_init) if logvar is None else logvar
    spread = table.to(t.device)[t]
    # A Gaussian of variance exp(spread) around the prediction, up to constants.
    gamma = weights.simple.to(t.device)[t] * (errors / spread.exp() + spread)
    vlb = weights.vlb.to(t.device)[t] * errors
    total = objective.l_simple_weight * gamma.mean() + objective.original_elbo_weight * vlb.mean()
    means = {"loss_simple": errors.mean(), "loss_gamma": gamma.mean(), "loss_vlb": vlb.mean()}
    return DiffusionLoss(total, errors.detach(), {name: term.detach() for name, term in means.items()})


def errors_by_time(errors: Tensor, t: Tensor, timesteps: int, parts: int = 4) -> dict[str, Tensor]:
    """Average the errors [b] of steps t [b] over equal parts of the schedule, as loss_q0 (little noise) and so on.

    Parts that no sample fell into are left out.
    """
    part = t * parts // timesteps
    return {f"loss_q{index}": errors[part == index].mean() for index in range(parts) if bool((part == index).any())}


def with_offset(noise: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Add noise that is constant over each channel to noise [b, c, h, w], so that brightness is learned as well."""
    if strength == 0:
        return noise
    return noise + strength * torch.randn((*noise.shape[:2], 1, 1), generator=generator).to(noise)
