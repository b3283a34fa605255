"""Curves of any length: what is drawn is true at every zoom, and what a resumed run repeats is replaced."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.watching.curve_table import CurveTable


def filled(folder: Path, count: int, piece: int = 1000) -> tuple[CurveTable, np.ndarray]:
    table = CurveTable(folder)
    values = np.random.default_rng(1).normal(size=count).astype(np.float32)
    for begin in range(0, count, piece):
        steps = np.arange(begin, min(count, begin + piece), dtype=np.int64) + 1
        table.append(steps, {"loss": values[begin : begin + piece]})
    return table, values


@pytest.mark.parametrize("piece", [7, 64, 5000])
def test_a_window_keeps_the_extremes_and_covers_every_row(tmp_path: Path, piece: int) -> None:
    table, values = filled(tmp_path, 3001, piece)
    for first, last, most in ((1, 3001, 50), (100, 2900, 400), (1500, 1510, 100), (2990, 3001, 5)):
        curve = table.window("loss", first, last, most)
        shown = values[curve.steps[0] - 1 : last]
        assert curve.low.min() == shown.min()
        assert curve.high.max() >= values[first - 1 : last].max()
        assert (np.diff(curve.steps) > 0).all()
        assert curve.steps[0] <= first
        assert len(curve.steps) <= most + 8 * 5
        spans = np.diff([*curve.steps, curve.steps[-1] + 8**5])
        assert (curve.low <= curve.mean).all()
        assert (curve.mean <= curve.high).all()
        assert spans.min() >= 1


def test_at_full_detail_every_value_is_drawn(tmp_path: Path) -> None:
    table, values = filled(tmp_path, 500)
    curve = table.window("loss", 200, 300, 1000)
    assert curve.steps.tolist() == list(range(199, 302))
    assert np.array_equal(curve.mean, values[198:301])


def test_steps_that_go_back_replace_what_they_repeat(tmp_path: Path) -> None:
    table, _ = filled(tmp_path, 1000)
    again = np.full(100, 50.0, np.float32)
    table.append(np.arange(701, 801, dtype=np.int64), {"loss": again})
    assert (table.rows, table.bounds()) == (800, (1, 800))
    whole = table.window("loss", 1, 10_000, 100)
    assert whole.high.max() == 50
    before = table.window("loss", 1, 690, 100)
    assert before.high[:-1].max() < 10


def test_a_term_that_comes_late_has_no_values_before(tmp_path: Path) -> None:
    table, _ = filled(tmp_path, 100)
    table.append(np.arange(101, 201, dtype=np.int64), {"logits": np.ones(100, np.float32)})
    curve = table.window("logits", 1, 200, 1000)
    assert np.isnan(curve.mean[:100]).all()
    assert (curve.mean[100:] == 1).all()
    coarse = table.window("logits", 1, 200, 4)
    assert float(np.nanmin(coarse.low)) == float(np.nanmax(coarse.high)) == 1
    assert np.isnan(table.last()["loss"])


def test_a_table_opens_again_as_it_was_left_and_forgets_rows_that_were_not_recorded(tmp_path: Path) -> None:
    _, values = filled(tmp_path, 1000)
    table = CurveTable(tmp_path, 900, ("loss",))
    table.append(np.array([901], np.int64), {"loss": np.array([7], np.float32)})
    curve = table.window("loss", 1, 901, 2000)
    assert np.array_equal(curve.mean, [*values[:900], 7])
    assert CurveTable(tmp_path, 901, ("loss",)).window("loss", 1, 901, 20).high.max() == 7


def test_a_second_row_of_one_step_joins_the_first(tmp_path: Path) -> None:
    table, values = filled(tmp_path, 64)
    table.append(np.array([64], np.int64), {"eval/psnr": np.array([20], np.float32)})
    assert (table.rows, table.last()) == (64, {"loss": values[63], "eval/psnr": 20})
    table.append(np.array([64, 65], np.int64), {"loss": np.array([3, 4], np.float32)})
    assert (table.rows, table.window("loss", 64, 65, 10).mean.tolist()[-2:]) == (65, [3, 4])
    assert table.window("eval/psnr", 1, 65, 100).mean[63] == 20
