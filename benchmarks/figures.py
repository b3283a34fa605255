"""Figures as `python -m benchmarks` prints them: a value with its unit, goal, number of cases and peer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from training.evaluation.agreement import Share
from training.evaluation.report import unit_of

Figures = dict[str, dict[str, Any]]


def figure(
    value: float, unit: str, goal: float | None, n: int, *, peer: float | None = None, at_most: bool = False
) -> dict[str, Any]:  # fmt: skip
    """Return a figure that holds where it is at least its goal, or `at_most` its goal."""
    numbers = {"value": value, "goal": goal, "peer": peer}
    rounded = {name: None if number is None else round(number, 4) for name, number in numbers.items()}
    holds = None if goal is None else value <= goal if at_most else value >= goal
    return {**rounded, "unit": unit, "holds": holds, "n": n}


def of_share(share: Share, goal: float | None = None, peer: float | None = None) -> dict[str, Any]:
    """Return the figure of a share."""
    return figure(share.value, "share", goal, share.n, peer=peer)


def plain(values: Mapping[str, float], n: int, ending: str = "") -> Figures:
    """Return figures without a goal, an `ending` added to their names."""
    return {f"{name}{ending}": figure(value, unit_of(name), None, n) for name, value in values.items()}
