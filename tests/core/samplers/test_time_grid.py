"""Which steps a sampler visits."""

from __future__ import annotations

import pytest
import torch

from core.errors import InputError
from core.samplers.time_grid import ddim_timesteps


def test_uniform_steps_start_at_one() -> None:
    assert ddim_timesteps(4).tolist() == [1, 251, 501, 751]


@pytest.mark.parametrize("steps", [1, 3, 7, 27, 30, 333, 600, 999, 1000])
def test_every_number_of_steps_stays_inside_the_schedule(steps: int) -> None:
    grid = ddim_timesteps(steps)
    assert len(grid) >= steps
    assert int(grid[0]) >= 0
    assert int(grid[-1]) < 1000
    assert bool((grid.diff() > 0).all())


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
