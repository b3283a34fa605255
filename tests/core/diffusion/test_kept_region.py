"""Which cells of a latent are kept under a painted mask."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from core.diffusion.kept_region import kept_region
from core.diffusion.latent_diffusion import Latent, LatentSpace
from core.errors import InputError
from core.imaging.mask import Mask

LATENT = Latent(torch.zeros(1, 2, 2, 3), LatentSpace("test", channels=2, factor=4), (1,))


def test_a_cell_with_any_painted_pixel_is_sampled() -> None:
    painted = torch.zeros(1, 1, 8, 12)
    painted[..., 3, 4] = 1
    painted[..., 5, 1] = 0.4  # less than half is not painted
    kept = kept_region(LATENT, Mask(painted))
    assert kept.mask.tolist() == [[[[1, 0, 1], [1, 1, 1]]]]
    assert kept.loom_summary() == "83% of the picture"


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises(InputError, match="The mask is 8 × 8, the picture 12 × 8") as caught:
        kept_region(LATENT, Mask(torch.zeros(1, 1, 8, 8)))
    assert caught.value.port == "mask"


def test_a_noisy_latent_is_refused() -> None:
    with pytest.raises(InputError, match="noisy latent cannot be kept"):
        kept_region(replace(LATENT, level=500), Mask(torch.zeros(1, 1, 8, 12)))


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (replace(LATENT, space=replace(LATENT.space, name="another")), "belongs to test, the latent to another"),
        (replace(LATENT, values=torch.zeros(1, 2, 4, 4)), "1 latent of 2 × 2 × 3, but 1 latent of 2 × 4 × 4"),
    ],
)
def test_a_region_of_another_latent_is_refused(other: Latent, said: str) -> None:
    kept = kept_region(LATENT, Mask(torch.zeros(1, 1, 8, 12)))
    kept.check_fits(replace(LATENT, values=torch.zeros(3, 2, 2, 3)))
    with pytest.raises(InputError, match=said) as caught:
        kept.check_fits(other)
    assert caught.value.port == "keep"
