"""Boxes on the latent: each cell tells how much of it a class covers."""

from __future__ import annotations

import pytest
import torch

from core.conditioning.box_map import class_map
from core.conditioning.layout import Box, Layout
from core.conditioning.layout_encoder import LayoutEncoder
from core.conditioning.layout_tokens import LayoutTokens
from core.models.text_transformer import BERTEmbedder

FORMAT = LayoutTokens(no_object_classes=3, no_max_objects=2, no_tokens=17**2 + 1, encode_crop=False)


def test_a_cell_says_how_much_of_it_each_class_covers() -> None:
    ids = torch.tensor([FORMAT.build([(2, Box(x=0.25, y=0.0, width=0.5, height=0.125))])])
    found = class_map(ids, FORMAT, 4, 4)
    assert found.shape == (1, 3, 4, 4)
    assert torch.equal(found[0, 2, 0], torch.tensor([0.0, 0.5, 0.5, 0.0]))
    assert float(found.sum()) == 1.0


def test_overlapping_boxes_of_a_class_cover_a_cell_once() -> None:
    ids = torch.tensor([FORMAT.build([(0, Box(x=0, y=0, width=1, height=1)), (0, Box(x=0, y=0, width=0.5, height=1))])])
    assert torch.equal(class_map(ids, FORMAT, 2, 3)[0, 0], torch.ones(2, 3))


def test_an_encoder_with_a_map_gives_it_beside_the_tokens_and_an_empty_one_for_nothing() -> None:
    encoder = LayoutEncoder(
        BERTEmbedder(8, 1, vocab_size=FORMAT.no_tokens, max_seq_len=FORMAT.length), FORMAT, ("a", "b", "c"), (8, 8)
    )
    told = encoder.encode([Layout((Box(x=0, y=0, width=0.5, height=0.5, label="b"),))])
    assert told.tokens is not None
    assert told.concat is not None
    assert told.concat.shape == (1, 3, 8, 8)
    assert float(told.concat[0, 1].sum()) == 16.0
    null = encoder.null(2).concat
    assert null is not None
    assert not null.any()


def test_a_format_whose_boxes_are_not_plain_corners_is_refused() -> None:
    crops = LayoutTokens(no_object_classes=3, no_max_objects=2, no_tokens=100)
    network = BERTEmbedder(8, 1, vocab_size=100, max_seq_len=crops.length)
    with pytest.raises(ValueError, match="need a format with corners"):
        LayoutEncoder(network, crops, map_size=(8, 8))
