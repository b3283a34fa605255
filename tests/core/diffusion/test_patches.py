"""Large latents in patches."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the customary name

from core.diffusion.patches import Patches, border_distance, in_patches
from core.errors import InputError

PATCHES = Patches(size=(8, 8), stride=(4, 4))


def test_what_looks_at_single_cells_is_the_same_in_patches() -> None:
    x = torch.randn(2, 3, 12, 16, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(in_patches(torch.tanh, PATCHES, x), torch.tanh(x))


@pytest.mark.parametrize(("factor", "size"), [(2.0, (24, 32)), (0.5, (6, 8))])
def test_results_of_another_size_are_laid_where_they_belong(factor: float, size: tuple[int, int]) -> None:
    x = torch.randn(1, 2, 12, 16, generator=torch.Generator().manual_seed(2))

    def resize(patch: Tensor) -> Tensor:
        return F.interpolate(patch, scale_factor=factor, mode="nearest")

    made = in_patches(resize, PATCHES, x, factor=factor)
    assert made.shape[-2:] == size
    torch.testing.assert_close(made, resize(x))


def test_maps_are_cut_alike() -> None:
    x, other = (torch.randn(1, 3, 12, 16, generator=torch.Generator().manual_seed(seed)) for seed in (3, 4))
    torch.testing.assert_close(in_patches(lambda a, b: a - b, PATCHES, x, other), x - other)


def test_a_whole_smaller_than_a_patch_is_one_patch() -> None:
    x = torch.ones(1, 1, 5, 6)
    seen: list[tuple[int, ...]] = []

    def run(patch: Tensor) -> Tensor:
        seen.append(tuple(patch.shape[-2:]))
        return patch

    torch.testing.assert_close(in_patches(run, PATCHES, x), x)
    assert seen == [(5, 6)]


def test_sizes_that_leave_a_rest_name_the_nearest_that_does_not() -> None:
    with pytest.raises(InputError, match="13 cells cannot be cut") as caught:
        in_patches(torch.tanh, PATCHES, torch.zeros(1, 1, 13, 16))
    assert "Use 12 cells" in caught.value.fix


def test_weights_fall_off_towards_the_border_within_their_bounds() -> None:
    distance = border_distance(5, 5)
    assert distance[2, 2] == 0.5
    assert distance[0].max() == distance[:, -1].max() == 0
    weights = PATCHES.weights(2, 3)
    assert weights.shape == (64, 6)
    assert (float(weights.min()), float(weights.max())) == pytest.approx((0.01, 3 / 7))


def test_with_a_tie_breaker_patches_in_the_middle_count_more() -> None:
    patches = Patches(size=(4, 4), stride=(2, 2), tie_breaker=True)
    weights = patches.weights(3, 3)
    assert weights[5, 4] > weights[5, 0]
    x = torch.randn(1, 2, 8, 8, generator=torch.Generator().manual_seed(5))
    torch.testing.assert_close(
        in_patches(torch.tanh, Patches(size=(4, 4), stride=(2, 2), tie_breaker=True), x), x.tanh()
    )
