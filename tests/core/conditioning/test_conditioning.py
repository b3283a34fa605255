"""Batches of conditions."""

from __future__ import annotations

import pytest
import torch

from core.conditioning.conditioning import Conditioning
from core.errors import InputError

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
    with pytest.raises(InputError, match="cannot be put into one batch"):
        ONE.joined(Conditioning(tokens=OTHER.tokens))


def test_moving_to_a_device_keeps_what_is_missing_missing() -> None:
    moved = Conditioning(vector=torch.ones(1, 2)).to(torch.device("cpu"))
    assert moved.tokens is None
    assert moved.vector is not None


MAP = Conditioning(summary="a map", concat=torch.ones(1, 2, 4, 4))


def part(tensor: torch.Tensor | None) -> torch.Tensor:
    assert tensor is not None
    return tensor


def attended(query: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.scaled_dot_product_attention(query, tokens, tokens)


def test_joined_prompts_of_different_lengths_are_seen_as_they_were() -> None:
    stream = torch.Generator().manual_seed(1)
    short, long = torch.randn(1, 2, 4, generator=stream), torch.randn(1, 3, 4, generator=stream)
    both = part(Conditioning(short).joined(Conditioning(long)).tokens)
    query = torch.randn(1, 5, 4, generator=stream)
    torch.testing.assert_close(attended(query, both[:1]), attended(query, short))
    torch.testing.assert_close(attended(query, both[1:]), attended(query, long))


def test_a_batch_stays_and_another_batch_is_refused() -> None:
    pair = ONE.joined(OTHER)
    assert torch.equal(part(pair.repeated(2).tokens), part(pair.tokens))
    with pytest.raises(InputError, match="batch of 2 conditions does not fit 3 latents"):
        pair.repeated(3)


def test_classes_and_maps_are_repeated_too() -> None:
    batch = Conditioning(vector=torch.tensor([7]), concat=MAP.concat).repeated(3)
    assert part(batch.vector).tolist() == [7, 7, 7]
    assert part(batch.concat).shape == (3, 2, 4, 4)


def test_a_null_condition_takes_the_map_over_but_keeps_its_own() -> None:
    assert torch.equal(part(ONE.completed(MAP).concat), part(MAP.concat))
    own = Conditioning(concat=torch.zeros(1, 2, 4, 4))
    assert own.completed(MAP) is own


def test_combined_conditions_apply_together() -> None:
    both = ONE.beside(OTHER).beside(MAP).beside(MAP)
    assert part(both.tokens).shape == (1, 6, 4)
    assert part(both.vector).shape == (1, 10)
    assert part(both.concat).shape == (1, 4, 4, 4)
    assert both.summary == "a fox + a frog + a map + a map"


def test_what_does_not_fit_together_is_refused() -> None:
    wide = Conditioning(tokens=torch.ones(1, 3, 9))
    with pytest.raises(InputError, match="cannot be combined"):
        ONE.beside(wide)
    label = Conditioning(vector=torch.tensor([7]))
    with pytest.raises(InputError, match="Two classes"):
        label.beside(label)
    for a, b in ((ONE, wide), (label, label), (ONE, MAP)):
        with pytest.raises(InputError, match="no average"):
            a.blended(b, 0.5)


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_a_blend_lies_between_its_ends(share: float) -> None:
    blend = ONE.blended(OTHER, share)
    torch.testing.assert_close(part(blend.tokens), torch.full((1, 3, 4), 1 - share))
    torch.testing.assert_close(part(blend.vector), torch.full((1, 5), 1 - share))


def test_moving_changes_the_precision_of_fractions_only() -> None:
    moved = Conditioning(vector=torch.tensor([7]), concat=MAP.concat).to(torch.device("cpu"), torch.float16)
    assert part(moved.vector).dtype == torch.int64
    assert part(moved.concat).dtype == torch.float16


def test_a_map_in_shares_of_the_picture_takes_the_size_of_the_latent_and_others_do_not() -> None:
    told = Conditioning(concat=torch.rand(1, 3, 4, 4), stretches=True)
    assert part(told.fitted(8, 6).concat).shape == (1, 3, 8, 6)
    assert told.fitted(4, 4) is told
    assert MAP.fitted(8, 6) is MAP
    assert told.repeated(2).fitted(8, 8).stretches


def test_a_map_that_stretches_is_scaled_to_the_one_that_it_joins() -> None:
    told = Conditioning(concat=torch.rand(1, 3, 4, 4), stretches=True)
    fixed = Conditioning(concat=torch.zeros(1, 2, 8, 8))
    for both in (told.beside(fixed), fixed.beside(told)):
        assert part(both.concat).shape == (1, 5, 8, 8)
        assert not both.stretches
    assert told.beside(told).beside(ONE).stretches
