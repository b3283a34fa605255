"""The order of items: a function of the seed and the step."""

from __future__ import annotations

import pytest
import torch

from training.data.order import BucketOrder, Order

BUCKETS = [0, 1, 0, 0, 2, 1, 0]


def test_every_epoch_shows_every_item_once_and_in_another_order() -> None:
    order = Order(seed=1, count=12, batch_size=4)
    epochs = [torch.cat([order.batch(step) for step in range(3 * e, 3 * e + 3)]).tolist() for e in range(3)]
    assert all(sorted(epoch) == list(range(12)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3


def test_a_batch_across_two_epochs_completes_both() -> None:
    order = Order(seed=1, count=5, batch_size=4)
    shown = torch.cat([order.batch(step) for step in range(5)]).tolist()
    assert all(sorted(shown[i : i + 5]) == list(range(5)) for i in range(0, 20, 5))


@pytest.mark.parametrize("views", [0, 1, 2])
@pytest.mark.parametrize("kind", ["plain", "buckets"])
def test_a_batch_depends_on_the_step_and_not_on_what_was_asked_before(kind: str, views: int) -> None:
    forwards, other = (
        Order(3, 7, 4, views) if kind == "plain" else BucketOrder(3, BUCKETS, 2, views) for _ in range(2)
    )
    batches = [forwards.batch(step).tolist() for step in range(12)]
    assert [other.batch(step).tolist() for step in reversed(range(12))] == batches[::-1]


def test_another_seed_is_another_order() -> None:
    assert Order(1, 50, 10).batch(0).tolist() != Order(2, 50, 10).batch(0).tolist()


def test_rows_name_the_epoch_and_come_back_to_the_first_look() -> None:
    known, fresh = Order(1, 4, 4, views=2), Order(1, 4, 4, views=0)
    epochs = [(known.batch(step) // 4).unique().tolist() for step in range(4)]
    assert epochs == [[0], [1], [0], [1]]
    assert [(fresh.batch(step) // 4).unique().tolist() for step in range(4)] == [[0], [1], [2], [3]]


def test_a_batch_is_of_one_bucket_and_an_epoch_shows_everything() -> None:
    order = BucketOrder(5, BUCKETS, batch_size=2)
    for epoch in range(3):
        batches = [order.batch(4 * epoch + step).tolist() for step in range(4)]
        assert all(len({BUCKETS[index] for index in batch}) == 1 for batch in batches)
        assert {index for batch in batches for index in batch} == set(range(7))
