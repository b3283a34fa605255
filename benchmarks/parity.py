"""How far every output of the golden fixtures is from what the reference implementation gave, by family.

    python -m benchmarks parity

The fixtures are those of tests/golden/, or of the folder that LOOM_GOLDEN names; families, adapters and tolerances
are those of tests/test_golden.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tests.golden_families.fixture import load_fixture
from tests.test_golden import FAMILIES, Family, family_of, fixtures

WITHOUT_FAMILY = "fixtures without an adapter"


def measure() -> dict[str, dict[str, Any]]:
    """Return each family's worst difference, beside its tolerance; n counts fixtures.

    Raises:
        RuntimeError: There are no fixtures, or an adapter does not give a fixture's outputs.
    """
    paths = fixtures()
    if not paths:
        raise RuntimeError("There are no fixtures in tests/golden/, or in the folder that LOOM_GOLDEN names.")
    groups: dict[str, list[Path]] = {}
    for path in paths:
        groups.setdefault(family_of(path) or "", []).append(path)
    without = groups.pop("", [])
    figures = {prefix.rstrip("_"): _figure(FAMILIES[prefix], group) for prefix, group in groups.items()}
    if without:
        figures[WITHOUT_FAMILY] = _row(len(without), 0, "", len(without))
    return figures


def _figure(family: Family, paths: list[Path]) -> dict[str, Any]:
    return _row(float(f"{max(worst_difference(family, path) for path in paths):.1e}"), family.atol, "", len(paths))


def worst_difference(family: Family, path: Path) -> float:
    """Return the worst difference among a fixture's outputs, on the scale of the family's absolute tolerance.

    Where an output's own size widens the tolerance, its difference is made smaller by as much.
    """
    fixture = load_fixture(path)
    found, expected = family.outputs(fixture), family.wanted(fixture)
    if not expected.keys() <= found.keys():
        raise RuntimeError(f"{path.stem} has outputs that its adapter does not give.")
    return max(_difference(family, found[name].double(), wanted.double()) for name, wanted in expected.items())


def _difference(family: Family, found: Tensor, wanted: Tensor) -> float:
    if found.shape != wanted.shape or not torch.equal(found.isfinite(), wanted.isfinite()):
        return float("inf")
    if not wanted.numel():
        return 0.0
    finite = wanted.isfinite()
    difference, size = (found - wanted)[finite].abs(), wanted[finite].abs()
    if not family.atol:
        return float(difference.max())
    scale = float(size.max().clamp(min=1)) if family.scaled else 1.0
    return float((difference / (scale + family.rtol / family.atol * size)).max())


def _row(value: float, goal: float, unit: str, n: int) -> dict[str, Any]:
    return {"value": value, "unit": unit, "goal": goal, "holds": value <= goal, "n": n, "peer": None}
