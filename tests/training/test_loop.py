"""The learning rate's course, and sheets of pictures."""

from __future__ import annotations

import numpy as np
import pytest

from training.config import OptimizerConfig
from training.optimization import learning_rate
from training.phase import tile


def test_the_rate_warms_up_holds_and_falls_to_zero() -> None:
    config = OptimizerConfig(lr=0.8, warmup_steps=4, decay_from=0.5)
    assert [learning_rate(step, 100, config) for step in (0, 1, 3, 4, 50)] == pytest.approx([0.2, 0.4, 0.8, 0.8, 0.8])
    assert learning_rate(75, 100, config) == pytest.approx(0.4)
    assert 0 < learning_rate(99, 100, config) < 0.001


def test_a_rate_that_never_falls_stays_up_to_the_last_step() -> None:
    config = OptimizerConfig(lr=0.5, warmup_steps=0, decay_from=1)
    assert {learning_rate(step, 10, config) for step in range(10)} == {0.5}


def test_a_sheet_has_its_pictures_in_reading_order() -> None:
    pictures = np.stack([np.full((2, 3, 3), value, np.uint8) for value in (50, 100, 150)])
    assert tile(pictures[:1], columns=8).shape == pictures[0].shape
    sheet = tile(pictures, columns=2, gap=1)
    assert sheet.shape == (5, 7, 3)
    assert (sheet[:2, :3] == 50).all()
    assert (sheet[:2, 4:] == 100).all()
    assert (sheet[3:, :3] == 150).all()
    assert (sheet[3:, 4:] == 24).all()
