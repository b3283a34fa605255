"""Mixed conditioners: what each part makes applies, and nodes find the part that they need."""

from __future__ import annotations

import pytest
import torch

from core.conditioning.class_label import ClassEmbedder
from core.conditioning.conditioner import expect
from core.conditioning.conditioning import Conditioning
from core.conditioning.inpainting import Inpainting
from core.conditioning.mixed import MixedConditioner
from core.conditioning.spatial import LowResolution, SpatialRescaler
from core.errors import InputError


@pytest.fixture
def mixed() -> MixedConditioner:
    """Classes beside semantic maps."""
    return MixedConditioner({"class": ClassEmbedder(8, 4), "map": SpatialRescaler(1, in_channels=2)})


def test_each_part_makes_its_own(mixed: MixedConditioner) -> None:
    classes, maps = torch.tensor([1, 2]), torch.rand(2, 2, 8, 8)
    made = mixed([classes, maps])
    embedder, rescaler = mixed.members
    assert made.tokens is not None
    assert made.concat is not None
    assert torch.equal(made.tokens, embedder(classes).tokens)
    assert torch.equal(made.concat, rescaler(maps).concat)


def test_a_node_finds_its_part(mixed: MixedConditioner) -> None:
    assert expect(mixed, ClassEmbedder, "conditioner") is mixed.members[0]
    assert expect(mixed, SpatialRescaler, "conditioner") is mixed.members[1]
    with pytest.raises(InputError, match="takes a class and semantic maps, not pictures with masks"):
        expect(mixed, Inpainting, "conditioner")


def test_guidance_leaves_out_what_can_be_left_out(mixed: MixedConditioner) -> None:
    null = mixed.null(3)
    assert null.concat is None
    alone = mixed.members[0].null(3)
    assert null.tokens is not None
    assert alone.tokens is not None
    assert torch.equal(null.tokens, alone.tokens)
    with pytest.raises(InputError, match="no null condition for low-resolution pictures"):
        MixedConditioner({"small": LowResolution()}).null()


def tokens(condition: Conditioning) -> torch.Tensor:
    assert condition.tokens is not None
    return condition.tokens


@pytest.fixture
def told_two() -> MixedConditioner:
    """Classes of two kinds, each a token, so that either can be told alone."""
    return MixedConditioner({"class": ClassEmbedder(8, 4), "other": ClassEmbedder(8, 3)})


def test_what_one_part_tells_is_completed_by_what_the_others_say_of_nothing(told_two: MixedConditioner) -> None:
    first, second = told_two.members
    alone = told_two.telling(first, first(torch.tensor([1])))
    wanted = torch.cat([tokens(first(torch.tensor([1]))), tokens(second.null())], dim=1)
    assert torch.equal(tokens(alone.whole()), wanted)
    assert torch.equal(tokens(alone.repeated(3).whole()), wanted.expand(3, -1, -1))
    assert torch.equal(tokens(alone.whole().whole()), wanted)


def test_what_both_parts_tell_is_complete(told_two: MixedConditioner) -> None:
    first, second = told_two.members
    one, two = torch.tensor([1]), torch.tensor([2])
    both = told_two.telling(first, first(one)).beside(told_two.telling(second, second(two)))
    assert torch.equal(tokens(both.whole()), tokens(told_two([one, two])))


def test_two_conditions_of_one_part_leave_the_other_untold(told_two: MixedConditioner) -> None:
    first = told_two.members[0]
    one, two = (told_two.telling(first, first(torch.tensor([number]))) for number in (0, 1))
    assert tokens(one.beside(two).whole()).shape == (1, 3, 8)
    assert tokens(one.blended(two, 0.5).whole()).shape == (1, 2, 8)
    foreign = SpatialRescaler(1, in_channels=2)(torch.rand(1, 2, 8, 8))
    assert torch.equal(tokens(foreign.beside(one).whole()), tokens(one.whole()))


def test_a_part_without_a_null_condition_stays_missing(mixed: MixedConditioner) -> None:
    embedder = mixed.members[0]
    assert mixed.telling(embedder, embedder(torch.tensor([1]))).whole().concat is None


def test_a_single_conditioner_has_nothing_untold() -> None:
    embedder = ClassEmbedder(8, 4)
    made = embedder(torch.tensor([1]))
    assert embedder.telling(embedder, made) is made
