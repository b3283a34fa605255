"""The factor that gives latents unit variance."""

from __future__ import annotations

import pytest
import torch

from core.diffusion.latent_scale import unit_variance_scale
from core.errors import InputError


def test_scaled_latents_have_unit_variance() -> None:
    latents = 5 + 3 * torch.randn(4, 3, 16, 16)
    assert float((latents * unit_variance_scale(latents)).std()) == pytest.approx(1)
    assert unit_variance_scale(latents.half()) == pytest.approx(unit_variance_scale(latents), rel=1e-3)


@pytest.mark.parametrize("value", [0.0, 7.0, float("nan"), float("inf")])
def test_latents_that_do_not_vary_are_refused(value: float) -> None:
    with pytest.raises(InputError, match="standard deviation is"):
        unit_variance_scale(torch.full((1, 2, 4, 4), value))
