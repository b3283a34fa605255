"""The estimate of what a large picture costs."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.checkpoints.model_library import SHIPPED
from core.run_cost import STABLE_DIFFUSION, ModelSize, cost_of, model_size


@pytest.fixture
def shipped() -> ModelSize:
    size = model_size(SHIPPED / "stickers-24")
    assert size is not None
    return size


def test_the_shipped_models_description_tells_its_sizes(shipped: ModelSize) -> None:
    assert (shipped.side, shipped.factor, shipped.channels, shipped.pixel_channels) == (64, 8, 64, 12.0)


def test_a_picture_as_trained_costs_one_step(shipped: ModelSize) -> None:
    cost = cost_of(shipped, 64, 64)
    assert (cost.pixels, cost.work) == (1.0, 1.0)


def test_the_estimate_is_what_was_measured_on_one_core(shipped: ModelSize) -> None:
    # python -c with the shipped UNet and one thread: 0.026 s, 0.115 s and 0.756 s a step; 50 MB and 143 MB at 512.
    assert cost_of(shipped, 256, 256).work == pytest.approx(0.115 / 0.026, rel=0.25)
    assert cost_of(shipped, 512, 512).work == pytest.approx(0.756 / 0.026, rel=0.25)
    assert cost_of(shipped, 512, 512).memory == pytest.approx(143 * 2**20, rel=0.25)


def test_attention_makes_time_grow_faster_than_pixels_and_a_window_bounds_it() -> None:
    small, large = cost_of(STABLE_DIFFUSION, 512, 512), cost_of(STABLE_DIFFUSION, 2048, 2048)
    assert large.work > 16 * small.work
    windowed = cost_of(STABLE_DIFFUSION, 2048, 2048, window=512)
    assert windowed.work == pytest.approx(16 * small.work)
    assert windowed.memory < large.memory


def test_each_picture_at_once_costs_its_time_and_memory(shipped: ModelSize) -> None:
    one, four = cost_of(shipped, 256, 256), cost_of(shipped, 256, 256, count=4)
    assert four.work == pytest.approx(4 * one.work)
    assert four.memory == pytest.approx(4 * one.memory)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"denoiser": {"arguments": {}}, "autoencoder": {}}'])
def test_a_description_that_does_not_tell_sizes_gives_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "model.json").write_text(text, encoding="utf-8")
    assert model_size(tmp_path) is None
    assert model_size(tmp_path / "nowhere") is None
