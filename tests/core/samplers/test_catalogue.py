"""What every sampler of the catalogue keeps to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from benchmarks.gaussian_data import GaussianData
from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Model, Prediction
from core.errors import Cancelled, InputError
from core.randomness import NoiseSource
from core.samplers.catalogue import SAMPLERS
from core.samplers.step_record import StepRecord
from core.samplers.time_grid import SPACINGS, time_grid

every_sampler = pytest.mark.parametrize("name", SAMPLERS)


def run(name: str, model: Model, x: Tensor, schedule: NoiseSchedule, grid: Tensor, **options: Any) -> Tensor:
    given = {"eta": 0.5, "noise": NoiseSource(range(len(x))), "before": None, "callback": None, **options}
    return SAMPLERS[name].run(model, x, schedule, grid, **given)


@every_sampler
@pytest.mark.parametrize("spacing", SPACINGS)
def test_samples_of_few_steps_resemble_the_data(name: str, spacing: str, data: GaussianData) -> None:
    grid = time_grid(data.schedule, 25, spacing)
    start = torch.randn(2, 1, 64, 64, generator=torch.Generator().manual_seed(1))
    end = run(name, data.predict, start, data.schedule, grid)
    assert end.dtype is torch.float32
    assert float(end.mean()) == pytest.approx(data.mean, abs=0.08)
    # A consistency sampler takes E[x_0 | x_t] for a sample, which suits its own models only.
    assert float(end.std()) == pytest.approx(data.deviation, rel=1.0 if name == "lcm" else 0.35)


@every_sampler
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_one_or_a_few_steps_are_enough_to_run(name: str, steps: int, data: GaussianData, z: Tensor) -> None:
    grid = time_grid(data.schedule, steps, "trailing")
    end = run(name, data.predict, data.on_flow(z, 999), data.schedule, grid)
    assert bool(torch.isfinite(end).all())


@every_sampler
def test_steps_are_reported_in_order_and_the_last_record_holds_the_result(
    name: str, data: GaussianData, z: Tensor
) -> None:
    records: list[StepRecord] = []
    grid = time_grid(data.schedule, 6, "leading")
    end = run(name, data.predict, z, data.schedule, grid, callback=records.append)
    assert [(record.index, record.total) for record in records] == [(i, 6) for i in range(6)]
    assert [record.t for record in records] == grid.flip(0).tolist()
    assert torch.equal(records[-1].x, end)
    assert all(isinstance(record.t, int) and record.pred_x0.shape == z.shape for record in records)


@every_sampler
def test_the_latent_may_be_changed_before_each_step(name: str, data: GaussianData, z: Tensor) -> None:
    seen: list[float] = []

    def zero(x_t: Tensor, t: float) -> Tensor:
        seen.append(t)
        return torch.zeros_like(x_t)

    grid, asked = time_grid(data.schedule, 5, "leading"), list[Tensor]()

    def model(x_t: Tensor, t: Tensor) -> Prediction:
        asked.append(x_t)
        return data.predict(x_t, t)

    run(name, model, z, data.schedule, grid, before=zero)
    assert seen == grid.flip(0).tolist()
    assert sum(not bool(x_t.any()) for x_t in asked) == 5


@every_sampler
def test_a_callback_can_stop_the_sampler(name: str, data: GaussianData, z: Tensor) -> None:
    def stop(record: StepRecord) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        run(name, data.predict, z, data.schedule, time_grid(data.schedule, 5), callback=stop)


@every_sampler
def test_the_first_latent_is_left_alone_and_the_result_repeats(name: str, data: GaussianData, z: Tensor) -> None:
    before, grid = z.clone(), time_grid(data.schedule, 5)
    one, two = (run(name, data.predict, z, data.schedule, grid) for _ in range(2))
    assert torch.equal(z, before)
    assert torch.equal(one, two)


@every_sampler
def test_a_model_may_start_from_noise_alone(name: str, data: GaussianData) -> None:
    schedule = replace(data.schedule, zero_terminal_snr=True)
    data, grid = GaussianData(schedule), time_grid(schedule, 30, "trailing")
    start = torch.randn(2, 1, 64, 64, generator=torch.Generator().manual_seed(1))
    if name == "plms":
        with pytest.raises(InputError, match="plms cannot start from noise alone"):
            run(name, data.predict, start, schedule, grid)
        return
    end = run(name, data.predict, start, schedule, grid)
    assert float(end.mean()) == pytest.approx(data.mean, abs=0.08)
    assert bool(torch.isfinite(end).all())
