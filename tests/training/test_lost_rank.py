"""What is said of a rank that is gone."""

from __future__ import annotations

import pytest
import torch.distributed as dist

from training.lost_rank import vanished


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("[gloo/transport/tcp/pair.cc:547] Connection closed by peer [127.0.0.1]:1234"),
        RuntimeError("Rank 0 successfully reached monitoredBarrier, but: Connection reset by peer"),
        dist.DistNetworkError("failed to recv, got 0 bytes"),
    ],
)
def test_a_connection_that_was_cut_off_is_no_mistake_in_the_program(error: Exception) -> None:
    told = vanished(error)
    assert told is not None
    assert "ended without a word" in told.what
    assert "resume" in told.fix


def test_a_mistake_stays_one() -> None:
    assert vanished(RuntimeError("mat1 and mat2 shapes cannot be multiplied")) is None
