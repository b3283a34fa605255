"""Learning-rate multipliers: the points at which they turn."""

from __future__ import annotations

import pytest

from training.config import OptimizerConfig
from training.lr_schedules import WarmUpCosine, WarmUpCycles, make_multiplier
from training.optimization import learning_rate

CYCLES = {
    "warm_up_steps": [10, 4], "cycle_lengths": [30, 20], "f_start": [0.0, 0.1], "f_max": [1.0, 0.5],
    "f_min": [0.2, 0.05],
}  # fmt: skip


def test_a_cosine_rises_turns_and_ends_where_it_is_told() -> None:
    rate = WarmUpCosine(warm_up_steps=10, max_decay_steps=30, lr_min=0.1, lr_max=1.0, lr_start=0.5)
    assert [rate(step) for step in (0, 5, 10, 20, 30, 99)] == pytest.approx([0.5, 0.75, 1.0, 0.55, 0.1, 0.1])


@pytest.mark.parametrize(("fall", "middle"), [("cosine", 0.6), ("linear", 0.2 + 0.8 / 3)])
def test_cycles_follow_one_another_and_the_last_value_stays(fall: str, middle: float) -> None:
    rate = WarmUpCycles(**CYCLES, fall=fall)  # type: ignore[arg-type]
    assert [rate(step) for step in (0, 5)] == pytest.approx([0.0, 0.5])
    assert rate(20) == pytest.approx(middle)
    assert rate(30) == pytest.approx(0.2)
    assert rate(31) == pytest.approx(0.1 + 0.4 / 4)
    assert [rate(step) for step in (50, 51, 10**6)] == pytest.approx([0.05, 0.05, 0.05])


def test_the_optimizer_takes_a_schedule_by_name() -> None:
    config = OptimizerConfig(lr=0.2, schedule={"kind": "warm_up_linear_cycles", **CYCLES})
    assert learning_rate(5, 10**6, config) == pytest.approx(0.1)
    assert learning_rate(60, 10**6, config) == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"kind": "steep"}, "warm_up_cosine_cycles, warm_up_linear_cycles; got 'steep'"),
        ({"kind": "warm_up_cosine"}, "warm_up_cosine cannot be made: .*lr_min"),
        ({"kind": "warm_up_cosine_cycles", **CYCLES, "f_max": [1.0]}, "each of the 2 cycle_lengths.*2, 2, 1, 2"),
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make_multiplier(settings)
