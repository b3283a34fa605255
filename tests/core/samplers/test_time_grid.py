"""Which steps a sampler visits."""

from __future__ import annotations

import pytest
import torch

from core.diffusion.noise_schedule import NoiseSchedule
from core.errors import InputError
from core.samplers.time_grid import SPACINGS, ddim_timesteps, time_grid

SCHEDULE = NoiseSchedule(linear_start=0.00085, linear_end=0.012)


def test_uniform_steps_start_at_one() -> None:
    assert ddim_timesteps(4).tolist() == [1, 251, 501, 751]


@pytest.mark.parametrize("steps", [1, 3, 7, 27, 30, 333, 600, 999, 1000])
def test_every_number_of_steps_stays_inside_the_schedule(steps: int) -> None:
    grid = ddim_timesteps(steps)
    assert len(grid) >= steps
    assert int(grid[0]) >= 0
    assert int(grid[-1]) < 1000
    assert bool((grid.diff() > 0).all())


@pytest.mark.parametrize("spacing", [spacing for spacing in SPACINGS if spacing not in ("published", "quad")])
@pytest.mark.parametrize("steps", [1, 2, 3, 7, 30, 999])
def test_as_many_steps_are_taken_as_were_asked_for(spacing: str, steps: int) -> None:
    grid = time_grid(SCHEDULE, steps, spacing)
    assert len(grid) == steps
    assert 0 <= float(grid[0]) <= float(grid[-1]) <= 999


def test_steps_that_divide_the_schedule_are_the_published_ones() -> None:
    for steps in (1, 4, 20, 25, 50, 1000):
        assert torch.equal(time_grid(SCHEDULE, steps, "uniform"), ddim_timesteps(steps))


def test_published_steps_are_those_of_the_reference_even_where_they_are_more() -> None:
    assert time_grid(SCHEDULE, 7, "published").tolist() == [1, 143, 285, 427, 569, 711, 853, 995]
    assert time_grid(SCHEDULE, 30, "published").tolist() == list(range(1, 1000, 33))


def test_quadratic_steps_are_denser_near_the_data() -> None:
    grid = ddim_timesteps(20, method="quad")
    assert int(grid[0]) == 1
    assert int(grid[-1]) == 801  # the square root of 0.8 T, squared, and one
    assert bool((grid.diff().diff() >= -1).all())
    assert int(grid.diff()[-1]) > 5 * int(grid.diff()[0])


@pytest.mark.parametrize("steps", [0, -1, 1001])
def test_an_impossible_number_of_steps_is_named(steps: int) -> None:
    with pytest.raises(InputError, match=f"{steps} sampling steps") as caught:
        ddim_timesteps(steps)
    assert "1 to 1000" in caught.value.fix
    assert caught.value.port == "steps"


def test_an_unknown_spacing_is_refused() -> None:
    with pytest.raises(ValueError, match="'log'"):
        ddim_timesteps(4, method="log")


def test_steps_are_whole_numbers() -> None:
    assert ddim_timesteps(5).dtype == ddim_timesteps(5, method="quad").dtype == torch.int64


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("steps", [1, 2, 7, 50, 1000])
def test_every_spacing_increases_within_the_schedule(spacing: str, steps: int) -> None:
    grid = time_grid(SCHEDULE, steps, spacing)
    assert bool((grid.diff() > 0).all())
    assert float(grid[0]) >= 0
    assert float(grid[-1]) <= 999


def test_where_the_spacings_begin() -> None:
    assert time_grid(SCHEDULE, 4, "leading").tolist() == [1, 251, 501, 751]
    assert time_grid(SCHEDULE, 4, "trailing").tolist() == [249, 499, 749, 999]
    assert time_grid(SCHEDULE, 3, "linspace").tolist() == [333, 666, 999]
    assert time_grid(SCHEDULE, 3, "leading").tolist() == [1, 334, 667]
    for spacing in ("karras", "exponential"):
        assert float(time_grid(SCHEDULE, 4, spacing)[-1]) == pytest.approx(999)


@pytest.mark.parametrize(("spacing", "power"), [("karras", 1 / 7), ("exponential", None)])
def test_noise_spacings_are_even_in_their_own_measure(spacing: str, power: float | None) -> None:
    a = SCHEDULE.alpha_bar_at(torch.cat([torch.zeros(1), time_grid(SCHEDULE, 10, spacing)]))
    sigma = (1 / a - 1).sqrt()
    gaps = (sigma.log() if power is None else sigma**power).diff()
    torch.testing.assert_close(gaps, gaps.mean().expand_as(gaps), rtol=1e-5, atol=0)


@pytest.mark.parametrize("spacing", ["karras", "exponential"])
def test_infinite_noise_cannot_be_spaced(spacing: str) -> None:
    with pytest.raises(InputError, match="spaced by their noise") as caught:
        time_grid(NoiseSchedule(zero_terminal_snr=True), 10, spacing)
    assert "trailing" in caught.value.fix
    assert caught.value.port == "spacing"


def test_a_spacing_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="'log'"):
        time_grid(SCHEDULE, 4, "log")
