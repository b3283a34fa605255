"""The held-out split: by content, stable, never empty on a side."""

from __future__ import annotations

import pytest

from training.data.item import Record
from training.data.split import split


def records(count: int, first: int = 0) -> list[Record]:
    return [Record(name=f"{i}.png", width=8, height=8, digest=f"content {i}") for i in range(first, first + count)]


def test_about_the_share_is_held_out_and_nothing_is_lost() -> None:
    train, held = split(records(2000), 0.1)
    assert 150 < len(held) < 250
    assert sorted([*train, *held], key=lambda r: int(r.name[:-4])) == records(2000)


def test_an_item_stays_on_its_side_when_others_come_and_it_is_renamed() -> None:
    before = {record.digest for record in split(records(300), 0.2)[1]}
    after = {record.digest for record in split(records(600)[::-1], 0.2)[1]}
    assert before == {digest for digest in after if int(digest.split()[1]) < 300}


def test_copies_lie_on_one_side() -> None:
    copies = [Record(name=f"copy {r.name}", width=8, height=8, digest=r.digest) for r in records(200)]
    train, held = split([*records(200), *copies], 0.2)
    assert not {record.digest for record in train} & {record.digest for record in held}


@pytest.mark.parametrize(
    ("count", "share", "sides"), [(2, 0.001, (1, 1)), (2, 0.5, (1, 1)), (1, 0.5, (1, 0)), (9, 0.0, (9, 0))]
)
def test_few_items_are_still_divided(count: int, share: float, sides: tuple[int, int]) -> None:
    for first in range(20):
        assert tuple(map(len, split(records(count, first), share))) == sides
