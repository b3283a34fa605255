from __future__ import annotations

import pytest
import torch

from training.evaluation.precision_recall import PrecisionRecall, precision_recall, share_on_manifold


def cloud(n: int, centre: float, seed: int = 0) -> torch.Tensor:
    return centre + torch.randn(n, 4, generator=torch.Generator().manual_seed(seed))


def test_equal_sets_have_precision_and_recall_1() -> None:
    assert precision_recall(cloud(30, 0), cloud(30, 0)) == PrecisionRecall(1.0, 1.0)


def test_sets_far_apart_have_precision_and_recall_0() -> None:
    assert precision_recall(cloud(30, 0), cloud(30, 100)) == PrecisionRecall(0.0, 0.0)


def test_a_model_that_shows_one_of_two_kinds_is_precise_but_lacks_recall() -> None:
    real = torch.cat([cloud(40, 0), cloud(40, 50, 1)])
    found = precision_recall(real, cloud(40, 0, 2))
    assert found.precision > 0.8
    assert 0.3 < found.recall <= 0.5


def test_balls_reach_to_the_kth_neighbour() -> None:
    line = torch.tensor([[0.0], [1.0], [2.0], [3.0]])
    # With one neighbour each ball has a radius of 1, its edge included.
    assert share_on_manifold(torch.tensor([[-1.0], [4.0], [4.01], [-1.01]]), line, 1) == 0.5


def test_too_few_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 4"):
        precision_recall(cloud(3, 0), cloud(30, 0))
