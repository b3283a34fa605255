"""The comparison of training steps with diffusers: both sides really learn the same."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from benchmarks import training
from benchmarks.peers import unet_pair

TINY: dict[str, Any] = {
    **training.SMALL_UNET, "model_channels": 32, "channel_mult": [1], "attention_resolutions": [1], "num_heads": 2,
    "num_res_blocks": 1,
}  # fmt: skip


@pytest.mark.slow
def test_both_sides_take_the_same_steps() -> None:
    pair = training._learning(unet_pair(TINY))
    ours, peer = training._denoising(pair, 2)
    mine, other = training._our_step(pair.ours, ours), training._peer_step(pair.peer, peer)
    losses = [(float(mine()), float(other())) for _ in range(4)]
    assert [a for a, _ in losses] == pytest.approx([b for _, b in losses], rel=1e-4)
    assert losses[0] != losses[1]


def test_networks_that_learn_differently_are_not_timed() -> None:
    with pytest.raises(RuntimeError, match="the losses are 1 and 2"):
        training._compared("case", lambda: torch.tensor(1.0), lambda: torch.tensor(2.0), 1)
