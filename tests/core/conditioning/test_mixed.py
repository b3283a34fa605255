"""Mixed conditioners: what each part makes applies, and nodes find the part that they need."""

from __future__ import annotations

import pytest
import torch

from core.conditioning.class_label import ClassEmbedder
from core.conditioning.conditioner import expect
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
