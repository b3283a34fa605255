"""The forward process: how much noise there is at each of T steps.

Ho et al., "Denoising Diffusion Probabilistic Models" (arXiv 2006.11239), section 2; Nichol and Dhariwal (arXiv
2102.09672), equation 17, for the cosine schedule; Rombach et al. (arXiv 2112.10752), appendix B; Lin et al. (arXiv
2305.08891), section 3.1, for zero terminal SNR. Tables are float64. A step t is in [0, T): whole in training; between
two whole ones, log(alpha_bar) is a straight line, as Lu et al. (arXiv 2206.00927), appendix D, continue the tables.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

SCHEDULES = ("linear", "scaled_linear", "sqrt_linear", "sqrt", "cosine", "squared_cosine", "squaredcos_cap_v2")
MOST_STEPS = 100_000  # far above any published T; bounds the tables of a hostile configuration


@dataclass(frozen=True)
class Gaussian:
    """A normal distribution with one variance for each sample.

    Attributes:
        mean: [b, ...].
        variance, log_variance: [b, 1, ...], natural logarithm.
    """

    mean: Tensor
    variance: Tensor
    log_variance: Tensor


def make_betas(
    schedule: str = "linear",
    timesteps: int = 1000,
    linear_start: float = 1e-4,
    linear_end: float = 2e-2,
    cosine_s: float = 8e-3,
) -> Tensor:
    """Return the variances beta_t [T], float64.

    "linear" is linear in sqrt(beta), as published latent diffusion models name it; "scaled_linear" is its name
    elsewhere. "sqrt_linear" is linear in beta (elsewhere simply linear), "sqrt" its square root. "cosine", also known
    as "squared_cosine" and "squaredcos_cap_v2", follows equation 17 of arXiv 2102.09672: alpha_bar is a squared cosine.
    """
    line = torch.linspace(linear_start, linear_end, timesteps, dtype=torch.float64)
    if schedule in ("linear", "scaled_linear"):
        return torch.linspace(linear_start**0.5, linear_end**0.5, timesteps, dtype=torch.float64) ** 2
    if schedule == "sqrt_linear":
        return line
    if schedule == "sqrt":
        return line**0.5
    if schedule in ("cosine", "squared_cosine", "squaredcos_cap_v2"):
        steps = torch.arange(timesteps + 1, dtype=torch.float64) / timesteps + cosine_s
        alphas = torch.cos(steps / (1 + cosine_s) * math.pi / 2) ** 2
        return (1 - alphas[1:] / alphas[:-1]).clamp(0, 0.999)
    raise ValueError(f"Unknown noise schedule {schedule!r}; known are {', '.join(SCHEDULES)}.")


def without_terminal_signal(betas: Tensor) -> Tensor:
    """Shift and scale sqrt(alpha_bar) so that nothing of the data is left at the last step, betas [T] to betas [T].

    Algorithm 1 of arXiv 2305.08891. The first step keeps its noise; the last beta becomes 1. Only a model that
    predicts v or x_0 can start there.
    """
    root = torch.cumprod(1 - betas, dim=0).sqrt()
    root = (root - root[-1]) * root[0] / (root[0] - root[-1])
    alpha_bar = root**2
    return torch.cat([1 - alpha_bar[:1], 1 - alpha_bar[1:] / alpha_bar[:-1]])


@dataclass(frozen=True, kw_only=True)
class NoiseSchedule:
    """The forward process q(x_t | x_0) = N(sqrt(alpha_bar_t) x_0, (1 - alpha_bar_t) I).

    Attributes:
        schedule: One of `SCHEDULES`.
        timesteps: T, the number of steps, 1 to `MOST_STEPS`.
        linear_start, linear_end: First and last beta, between 0 and 1.
        cosine_s: Offset of the cosine schedule, 0 to 1.
        v_posterior: Share of beta_t in the posterior variance, 0 to 1; 0 = the variance of equation 7.
        zero_terminal_snr: Whether the last step holds noise alone, `without_terminal_signal`.
    """

    schedule: str = "linear"
    timesteps: int = 1000
    linear_start: float = 1e-4
    linear_end: float = 2e-2
    cosine_s: float = 8e-3
    v_posterior: float = 0.0
    zero_terminal_snr: bool = False

    def __post_init__(self) -> None:
        if self.schedule not in SCHEDULES:
            raise ValueError(f"schedule must be one of {', '.join(SCHEDULES)}; got {self.schedule!r}.")
        if not 1 <= self.timesteps <= MOST_STEPS:
            raise ValueError(f"timesteps must be in [1, {MOST_STEPS}]; got {self.timesteps}.")
        if not (0 < self.linear_start < 1 and 0 < self.linear_end < 1):
            betas = f"{self.linear_start} and {self.linear_end}"
            raise ValueError(f"linear_start and linear_end must be between 0 and 1; got {betas}.")
        if not (0 <= self.cosine_s <= 1 and 0 <= self.v_posterior <= 1):
            raise ValueError(f"cosine_s and v_posterior must be in [0, 1]; got {self.cosine_s} and {self.v_posterior}.")
        if self.zero_terminal_snr and self.timesteps < 2:
            raise ValueError("zero_terminal_snr needs at least 2 timesteps.")

    @cached_property
    def betas(self) -> Tensor:
        """Variances beta_t, [T]."""
        betas = make_betas(self.schedule, self.timesteps, self.linear_start, self.linear_end, self.cosine_s)
        return without_terminal_signal(betas) if self.zero_terminal_snr else betas

    @cached_property
    def alpha_bar(self) -> Tensor:
        """Products of 1 - beta up to and with t, [T], falling from near 1 to near 0."""
        return torch.cumprod(1 - self.betas, dim=0)

    @cached_property
    def alpha_bar_prev(self) -> Tensor:
        """`alpha_bar` one step earlier, 1 before the first, [T]."""
        return torch.cat([torch.ones(1, dtype=torch.float64), self.alpha_bar[:-1]])

    @cached_property
    def posterior_variance(self) -> Tensor:
        """Variance of q(x_{t-1} | x_t, x_0), equation 7 of arXiv 2006.11239, mixed with beta_t, [T]."""
        exact = self.betas * (1 - self.alpha_bar_prev) / (1 - self.alpha_bar)
        return (1 - self.v_posterior) * exact + self.v_posterior * self.betas

    @cached_property
    def posterior_log_variance(self) -> Tensor:
        """Logarithm of `posterior_variance`, which is 0 at the first step and is taken as 1e-20 there, [T]."""
        return self.posterior_variance.clamp(min=1e-20).log()

    @cached_property
    def posterior_mean_coef1(self) -> Tensor:
        """Factor of x_0 in the mean of q(x_{t-1} | x_t, x_0), equation 7, [T]."""
        return self.betas * self.alpha_bar_prev.sqrt() / (1 - self.alpha_bar)

    @cached_property
    def posterior_mean_coef2(self) -> Tensor:
        """Factor of x_t in the mean of q(x_{t-1} | x_t, x_0), equation 7, [T]."""
        return (1 - self.alpha_bar_prev) * (1 - self.betas).sqrt() / (1 - self.alpha_bar)

    def alpha_bar_at(self, t: Tensor) -> Tensor:
        """Return alpha_bar at steps t [...] in [0, T - 1], float64, on the CPU; t may lie between two steps."""
        t = t.detach().cpu()
        if not t.is_floating_point():
            return self.alpha_bar[t]
        below = t.floor().long().clamp(0, self.timesteps - 1)
        above = (below + 1).clamp(max=self.timesteps - 1)
        share = t.double() - below
        low, high = self.alpha_bar[below], self.alpha_bar[above]
        return torch.where(share == 0, low, low ** (1 - share) * high**share)

    def step_of(self, alpha_bar: Tensor) -> Tensor:
        """Return the steps t [...], float64, in [0, T - 1], where alpha_bar_at(t) is `alpha_bar` [...]."""
        falling, wanted = -self.alpha_bar.log(), -alpha_bar.double().log()
        above = torch.searchsorted(falling, wanted).clamp(1, self.timesteps - 1)
        low, high = falling[above - 1], falling[above]
        return (above - 1 + (wanted - low) / (high - low)).clamp(0, self.timesteps - 1)

    def signal_and_noise(self, t: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
        """Return sqrt(alpha_bar_t) and sqrt(1 - alpha_bar_t) for t [b], shaped to multiply `like` [b, ...]."""
        if t.is_floating_point():
            a = self.alpha_bar_at(t).reshape(-1, *[1] * (like.ndim - 1))
            return a.sqrt().to(like), (1 - a).sqrt().to(like)
        return _at(self.alpha_bar.sqrt(), t, like), _at((1 - self.alpha_bar).sqrt(), t, like)

    def add_noise(self, x_0: Tensor, noise: Tensor, t: Tensor) -> Tensor:
        """Draw x_t from q(x_t | x_0), equation 4 of arXiv 2006.11239: [b, c, h, w] for steps t [b]."""
        signal, sigma = self.signal_and_noise(t, x_0)
        return signal * x_0 + sigma * noise

    def marginal(self, x_0: Tensor, t: Tensor) -> Gaussian:
        """Return q(x_t | x_0), equation 4 of arXiv 2006.11239, for x_0 [b, c, h, w] and steps t [b]."""
        signal, _ = self.signal_and_noise(t, x_0)
        return Gaussian(signal * x_0, _at(1 - self.alpha_bar, t, x_0), _at((1 - self.alpha_bar).log(), t, x_0))

    def posterior(self, x_0: Tensor, x_t: Tensor, t: Tensor) -> Gaussian:
        """Return q(x_{t-1} | x_t, x_0), equations 6 and 7, for x_0 and x_t [b, c, h, w] and steps t [b]."""
        mean = _at(self.posterior_mean_coef1, t, x_t) * x_0 + _at(self.posterior_mean_coef2, t, x_t) * x_t
        return Gaussian(mean, _at(self.posterior_variance, t, x_t), _at(self.posterior_log_variance, t, x_t))

    def prior_bits(self, x_0: Tensor) -> Tensor:
        """Return KL(q(x_T | x_0) || N(0, I)), the L_T of equation 5, in bits for each value: [b]."""
        last = torch.full((len(x_0),), self.timesteps - 1, device=x_0.device)
        q = self.marginal(x_0, last)
        nats = 0.5 * (q.mean**2 + q.variance - 1 - q.log_variance)
        return nats.flatten(1).mean(1) / math.log(2)


def _at(table: Tensor, t: Tensor, like: Tensor) -> Tensor:
    """Look up steps t [b] in a table [T], shaped to multiply `like` [b, ...]."""
    return table.to(t.device)[t].reshape(-1, *[1] * (like.ndim - 1)).to(like)
