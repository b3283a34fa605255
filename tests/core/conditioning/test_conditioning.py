"""Batches of conditions."""

from __future__ import annotations

import pytest
import torch

from core.conditioning.conditioning import Conditioning

ONE = Conditioning(torch.ones(1, 3, 4), torch.ones(1, 5), "a fox")
OTHER = Conditioning(torch.zeros(1, 3, 4), torch.zeros(1, 5), "a frog")


def test_joined_conditions_keep_their_order() -> None:
    both = ONE.joined(OTHER)
    assert both.tokens is not None
    assert both.vector is not None
    assert both.tokens.mean((1, 2)).tolist() == both.vector.mean(1).tolist() == [1, 0]


def test_one_condition_becomes_a_batch() -> None:
    batch = ONE.repeated(3)
    assert batch.tokens is not None
    assert batch.vector is not None
    assert (batch.tokens.shape, batch.vector.shape, batch.summary) == ((3, 3, 4), (3, 5), "a fox")
    assert Conditioning().repeated(2) == Conditioning()


def test_what_only_one_has_cannot_be_joined() -> None:
    with pytest.raises(ValueError, match="different kinds"):
        ONE.joined(Conditioning(tokens=OTHER.tokens))


def test_moving_to_a_device_keeps_what_is_missing_missing() -> None:
    moved = Conditioning(vector=torch.ones(1, 2)).to(torch.device("cpu"))
    assert moved.tokens is None
    assert moved.vector is not None
