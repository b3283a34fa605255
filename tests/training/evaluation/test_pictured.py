from __future__ import annotations

import pytest
import torch

from training.evaluation.pictured import enlarged, masked_psnr, seam
from training.losses.reconstruction import psnr


def test_the_seam_is_a_ring_of_the_given_width_on_both_sides() -> None:
    masks = torch.zeros(1, 1, 20, 20)
    masks[..., 6:14, 6:14] = 1
    ring = seam(masks, 2)
    assert ring.sum() == 12 * 12 - 4 * 4
    assert ring[0, 0, 3:11, 10].tolist() == [0, 1, 1, 1, 1, 0, 0, 0]


def test_psnr_under_a_whole_mask_is_psnr_and_other_pixels_do_not_count() -> None:
    a = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
    b = (a + 0.1).clamp(-1, 1)
    assert torch.allclose(masked_psnr(a, b, torch.ones(2, 1, 8, 8)).float(), psnr(a, b), atol=1e-4)
    masks = torch.zeros(2, 1, 8, 8)
    masks[..., 0, 0] = 1
    worse = b.clone()
    worse[..., 4:, :] = 1
    assert torch.equal(masked_psnr(a, worse, masks), masked_psnr(a, b, masks))


def test_enlarging_keeps_flat_pictures_and_the_size_asked_for() -> None:
    large = enlarged(torch.full((1, 3, 4, 4), 0.25), 4)
    assert large.shape == (1, 3, 16, 16)
    assert large.mean().item() == pytest.approx(0.25, abs=1e-6)
