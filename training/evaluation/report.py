"""What was measured of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

UNITS = {"psnr": "dB", "seam_psnr": "dB", "clip_score": "of 100"}


@dataclass(frozen=True)
class Figure:
    """A value, and on how many cases it was measured."""

    value: float
    n: int


@dataclass
class Report:
    """Figures by name: what was looked at, a slash, and what was measured of it, as in "reconstruction/psnr".

    Attributes:
        model: Which model.
        figures: The figures; "real/" ones are the ceiling of a judge.
        settings: What they depend on.
        left_out: What could not be measured, and why.
    """

    model: str
    settings: Mapping[str, Any]
    figures: dict[str, Figure] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def add(self, about: str, values: Mapping[str, float], n: int) -> None:
        """Add figures that were measured on the same `n` cases."""
        self.figures |= {f"{about}/{name}": Figure(value, n) for name, value in values.items()}

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return asdict(self)

    def as_text(self) -> str:
        """Return the figures for people, aligned, a line each."""
        rows = [
            (name, f"{figure.value:.4f}", unit_of(name), f"n = {figure.n}") for name, figure in self.figures.items()
        ]
        widths = [max((len(row[column]) for row in rows), default=0) for column in range(4)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([self.model, *lines, *(f"Left out: {reason}" for reason in self.left_out)])


def unit_of(name: str) -> str:
    """Return the unit of a figure, "" for plain numbers."""
    return UNITS.get(name.rpartition("/")[2], "")
