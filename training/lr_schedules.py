"""Multipliers of the learning rate over the steps, as the published models were trained with.

Warm-up with a cosine fall after Loshchilov and Hutter, "SGDR" (arXiv 1608.03983), equation 5; warm-up with a linear
fall as in Rombach et al. (arXiv 2112.10752), appendix E. Argument names are those of the reference.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import Any

Multiplier = Callable[[int], float]


@dataclass(frozen=True, kw_only=True)
class WarmUpCosine:
    """A line from `lr_start` to `lr_max` over `warm_up_steps`, then a cosine fall to `lr_min` at `max_decay_steps`."""

    warm_up_steps: int
    max_decay_steps: int
    lr_min: float
    lr_max: float
    lr_start: float

    def __call__(self, step: int) -> float:
        """Return the multiplier at a step, 0 = the first."""
        if step < self.warm_up_steps:
            return _rise(step, self.warm_up_steps, self.lr_start, self.lr_max)
        share = (step - self.warm_up_steps) / max(1, self.max_decay_steps - self.warm_up_steps)
        return _cosine(share, self.lr_max, self.lr_min)


@dataclass(frozen=True, kw_only=True)
class WarmUpCycles:
    """Cycles of a linear rise and a fall, one after another; the last multiplier stays.

    Attributes:
        warm_up_steps, cycle_lengths: Steps of the rise, and of rise and fall together, for each cycle.
        f_start, f_max, f_min: Multipliers at the beginning, the top and the end, for each cycle.
        fall: cosine, or linear: a line that would be at `f_max` where the cycle begins.
    """

    warm_up_steps: Sequence[int]
    cycle_lengths: Sequence[int]
    f_start: Sequence[float]
    f_max: Sequence[float]
    f_min: Sequence[float]
    fall: str = "cosine"

    def __post_init__(self) -> None:
        lengths = [len(values) for values in (self.warm_up_steps, self.f_start, self.f_max, self.f_min)]
        if not self.cycle_lengths or set(lengths) != {len(self.cycle_lengths)}:
            raise ValueError(
                f"warm_up_steps, f_start, f_max and f_min need a value for each of the {len(self.cycle_lengths)} "
                f"cycle_lengths, one at least; they have {', '.join(map(str, lengths))}."
            )

    def __call__(self, step: int) -> float:
        """Return the multiplier at a step, 0 = the first."""
        ends = list(accumulate(self.cycle_lengths))
        # The step at which a cycle ends is still its own.
        cycle = next((index for index, end in enumerate(ends) if step <= end), len(ends) - 1)
        length, warm = self.cycle_lengths[cycle], self.warm_up_steps[cycle]
        within = min(step, ends[-1]) - (ends[cycle] - length)
        top, bottom = self.f_max[cycle], self.f_min[cycle]
        if within < warm:
            return _rise(within, warm, self.f_start[cycle], top)
        if self.fall == "cosine":
            return _cosine((within - warm) / max(1, length - warm), top, bottom)
        return bottom + (top - bottom) * (length - within) / length


KINDS: dict[str, Callable[..., Multiplier]] = {
    "warm_up_cosine": WarmUpCosine,
    "warm_up_cosine_cycles": partial(WarmUpCycles, fall="cosine"),
    "warm_up_linear_cycles": partial(WarmUpCycles, fall="linear"),
}


def make_multiplier(settings: Mapping[str, Any]) -> Multiplier:
    """Build the multiplier of the `kind` that `settings` names, from its other fields.

    Raises:
        ValueError: The kind or a field is unknown, or a field is missing or of the wrong length.
    """
    fields = {name: value for name, value in settings.items() if name != "kind"}
    if settings.get("kind") not in KINDS:
        raise ValueError(f"kind of the schedule must be among {', '.join(KINDS)}; got {settings.get('kind')!r}.")
    try:
        return KINDS[settings["kind"]](**fields)
    except TypeError as error:
        raise ValueError(f"the schedule {settings['kind']} cannot be made: {error}") from error


def _rise(step: int, steps: int, start: float, top: float) -> float:
    return (top - start) / steps * step + start


def _cosine(share: float, top: float, bottom: float) -> float:
    return bottom + 0.5 * (top - bottom) * (1 + math.cos(min(share, 1.0) * math.pi))
