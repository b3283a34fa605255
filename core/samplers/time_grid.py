"""Which of the T steps a sampler visits.

Song et al., "Denoising Diffusion Implicit Models" (arXiv 2010.02502), section 4.2 and appendix D.2; Lin et al. (arXiv
2305.08891), table 2, for leading, linspace and trailing; Karras et al. (arXiv 2206.00364), equation 5, and Lu et al.
(arXiv 2206.00927) for steps spaced by their noise.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from core.diffusion.noise_schedule import NoiseSchedule
from core.errors import InputError

RHO = 7.0


def time_grid(schedule: NoiseSchedule, steps: int, spacing: str = "uniform") -> Tensor:
    """Return increasing steps t of the schedule, whole (int64) or between (float64), [S]; one of `SPACINGS`.

    "published" and "quad" are the grids of published latent diffusion models, see `ddim_timesteps`; "published" takes a
    few more steps than were asked for where their number does not divide T. "uniform" is the same grid where it does,
    and else keeps to the number. "leading" starts one interval below the top, "trailing" at the top; "linspace" starts
    there too and has equal intervals down to 0.
    "karras" is denser near the data, by sigma^(1/7), and "exponential" more so, by log(sigma), where sigma is
    sqrt(1 / alpha_bar - 1). The last three end at step 0, which a sampler reaches without asking the model there.

    Raises:
        InputError: A number of steps that the schedule or the spacing cannot have.
    """
    if spacing not in SPACINGS:
        raise ValueError(f"spacing must be one of {', '.join(SPACINGS)}; got {spacing!r}.")
    _check(steps, schedule.timesteps)
    # Some of many quadratic steps fall on one another.
    grid: Tensor = torch.unique_consecutive(_GRIDS[spacing](schedule, steps))
    return grid


def _uniform(schedule: NoiseSchedule, steps: int) -> Tensor:
    if schedule.timesteps % steps == 0:
        return ddim_timesteps(steps, schedule.timesteps, "uniform")
    # The published grid would have more steps than were asked for, 4 in place of 3.
    return torch.arange(steps) * schedule.timesteps // steps + 1


def _leading(schedule: NoiseSchedule, steps: int) -> Tensor:
    return (torch.arange(steps) * (schedule.timesteps // steps) + 1).clamp(max=schedule.timesteps - 1)


def _trailing(schedule: NoiseSchedule, steps: int) -> Tensor:
    count = torch.arange(1, steps + 1, dtype=torch.float64)
    return (count * schedule.timesteps / steps).round().long() - 1


def _linspace(schedule: NoiseSchedule, steps: int) -> Tensor:
    return torch.linspace(0, schedule.timesteps - 1, steps + 1, dtype=torch.float64)[1:]


def _karras(schedule: NoiseSchedule, steps: int) -> Tensor:
    low, high = _noise_range(schedule)
    line = torch.linspace(low ** (1 / RHO), high ** (1 / RHO), steps + 1, dtype=torch.float64)[1:]
    return schedule.step_of(1 / (1 + line ** (2 * RHO)))


def _exponential(schedule: NoiseSchedule, steps: int) -> Tensor:
    ends = torch.tensor(_noise_range(schedule), dtype=torch.float64).log()
    line = torch.linspace(float(ends[0]), float(ends[1]), steps + 1, dtype=torch.float64)[1:]
    return schedule.step_of(1 / (1 + (2 * line).exp()))


def _noise_range(schedule: NoiseSchedule) -> tuple[float, float]:
    """Return sigma = sqrt(1 / alpha_bar - 1) of the first and the last step."""
    low, high = (float((1 / schedule.alpha_bar[t] - 1).sqrt()) for t in (0, -1))
    if high == float("inf"):
        raise InputError(
            "Steps cannot be spaced by their noise here.",
            why="This model's last step has no signal at all, so its noise level is infinite.",
            fix='Use the spacing "trailing", which was made for such models.',
            port="spacing",
        )
    return low, high


def _check(steps: int, timesteps: int) -> None:
    if not 1 <= steps <= timesteps:
        raise InputError(
            f"{steps} sampling steps cannot be taken.",
            why=f"The model was trained with {timesteps} steps of noise.",
            fix=f"Use 1 to {timesteps} steps; 20 to 50 are usual.",
            port="steps",
        )


def ddim_timesteps(steps: int, timesteps: int = 1000, method: str = "uniform") -> Tensor:
    """Return increasing steps t of the noise schedule, int64, as the reference implementation spaces them.

    "uniform" takes every (T // steps)-th and adds one, so a number that does not divide T gives a few more steps;
    "quad" spaces them quadratically, denser near the data.

    Raises:
        InputError: Fewer than 1 step, or more than the schedule has.
    """
    _check(steps, timesteps)
    if method == "uniform":
        # Where adding one would leave the schedule (steps = T), the grid is every step from 0.
        grid = torch.arange(0, timesteps, timesteps // steps) + 1
        return grid if int(grid[-1]) < timesteps else grid - 1
    if method == "quad":
        roots = torch.linspace(0, (timesteps * 0.8) ** 0.5, steps, dtype=torch.float64)
        return (roots**2).to(torch.int64) + 1
    raise ValueError(f'method must be "uniform" or "quad"; got {method!r}.')


_GRIDS: dict[str, Callable[[NoiseSchedule, int], Tensor]] = {
    "uniform": _uniform,
    "published": lambda schedule, steps: ddim_timesteps(steps, schedule.timesteps, "uniform"),
    "quad": lambda schedule, steps: ddim_timesteps(steps, schedule.timesteps, "quad"),
    "leading": _leading,
    "trailing": _trailing,
    "linspace": _linspace,
    "karras": _karras,
    "exponential": _exponential,
}
SPACINGS = tuple(_GRIDS)
