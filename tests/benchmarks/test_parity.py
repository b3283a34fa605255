"""The table of parity: what it measures, and on which scale."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from benchmarks import parity
from tests.test_golden import Family, fixtures

WANTED = {"table": torch.tensor([0.0, 2.0]), "ids": torch.tensor([3, 4])}


def family(outputs: dict[str, Tensor], *, atol: float = 1e-3, rtol: float = 0.0, scaled: bool = False) -> Family:
    """A family that gives `outputs` where `WANTED` is wanted, for any fixture."""
    return Family(lambda _fixture: outputs, atol, rtol, scaled, lambda _fixture: WANTED)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "case.json").write_text("{}")
    return tmp_path / "case.json"


def test_the_worst_of_all_outputs_counts(path: Path) -> None:
    found = {"table": torch.tensor([0.0, 2.0001]), "ids": torch.tensor([3, 5])}
    assert parity.worst_difference(family(found), path) == 1.0
    found["ids"] = WANTED["ids"]
    assert parity.worst_difference(family(found), path) == pytest.approx(1e-4, rel=1e-2)


def test_what_widens_the_tolerance_makes_the_difference_smaller(path: Path) -> None:
    found = {**WANTED, "table": torch.tensor([0.0, 2.01])}
    assert parity.worst_difference(family(found, rtol=1e-3), path) == pytest.approx(0.01 / 3, rel=1e-3)
    assert parity.worst_difference(family(found, scaled=True), path) == pytest.approx(0.01 / 2, rel=1e-3)


@pytest.mark.parametrize("table", [torch.zeros(3), torch.tensor([0.0, torch.nan])])
def test_another_shape_or_no_number_is_infinitely_far(path: Path, table: Tensor) -> None:
    assert parity.worst_difference(family({**WANTED, "table": table}), path) == float("inf")


def test_a_missing_output_is_told(path: Path) -> None:
    with pytest.raises(RuntimeError, match="case has outputs"):
        parity.worst_difference(family({"table": WANTED["table"]}), path)


def test_families_are_tabulated_with_their_fixtures(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    chosen = [one for one in fixtures() if one.name.startswith(("sched_ddim", "dist_"))]
    monkeypatch.setattr(parity, "fixtures", lambda: [*chosen, path])
    figures = parity.measure()
    assert set(figures) == {"sched_ddim", "dist", parity.WITHOUT_FAMILY}
    assert figures["dist"]["holds"] is True
    assert figures["dist"]["n"] == sum(one.name.startswith("dist_") for one in chosen)
    assert figures[parity.WITHOUT_FAMILY]["holds"] is False


def test_no_fixtures_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parity, "fixtures", list)
    with pytest.raises(RuntimeError, match="no fixtures"):
        parity.measure()
