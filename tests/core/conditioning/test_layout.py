"""Boxes, their tokens, and the encoder; tokens are compared with the reference in tests/test_golden.py."""

from __future__ import annotations

import pytest
import torch

from core.conditioning.layout import WHOLE, Box, Layout, parse_layout
from core.conditioning.layout_encoder import LayoutEncoder
from core.conditioning.layout_tokens import LayoutTokens
from core.errors import InputError
from core.models.text_transformer import BERTEmbedder

FORMAT = LayoutTokens(no_object_classes=3, no_max_objects=2, no_tokens=100)


@pytest.fixture(scope="module")
def encoder() -> LayoutEncoder:
    torch.manual_seed(1)
    transformer = BERTEmbedder(16, 1, vocab_size=100, max_seq_len=FORMAT.length)
    return LayoutEncoder(transformer, FORMAT, ["fox", "frog", "red house"]).requires_grad_(False)


def test_boxes_are_read_line_by_line() -> None:
    layout = parse_layout("fox 0.1 0.2 0.5 0.4\n\n  red house 0 0 1 1\n")
    assert layout.boxes == (
        Box(x=0.1, y=0.2, width=0.5, height=0.4, label="fox"),
        Box(x=0, y=0, width=1, height=1, label="red house"),
    )
    assert layout.loom_summary() == "fox, red house"
    assert parse_layout("").loom_summary() == "no boxes"


@pytest.mark.parametrize(
    "line", ["fox", "fox 1 2 3", "fox a b c d", "fox 0.1 0.2 0 0.4", "fox 1.0 0 1 1", "x 0 0 nan 1"]
)
def test_a_line_that_is_no_box_is_named(line: str) -> None:
    with pytest.raises(InputError, match=r"[Ll]ine 2") as refused:
        parse_layout(f"fox 0 0 1 1\n{line}")
    assert line in refused.value.what
    assert refused.value.port == "boxes"


def test_tokens_lead_back_to_the_boxes_up_to_the_grid() -> None:
    box = Box(x=0.21, y=0.32, width=0.5, height=0.4)
    tokens = FORMAT.build([(2, box)])
    assert tokens[3:6] == [99, 99, 99]
    objects, crop = FORMAT.inverse(tokens)
    assert crop == (0, 0, 1, 1)
    [(kind, found)] = objects
    assert kind == 2
    assert found == pytest.approx((box.x, box.y, box.width, box.height), abs=1 / 9)


def test_mirroring_twice_changes_nothing() -> None:
    box = Box(x=0.25, y=0.5, width=0.5, height=0.25)
    assert box.mirrored().mirrored() == box
    assert box.seen_in(WHOLE) == box


def test_a_layout_becomes_tokens_for_attention(encoder: LayoutEncoder) -> None:
    made = encoder.encode([parse_layout("frog 0 0 0.5 0.5"), parse_layout("2 0 0 1 1")])
    assert made.tokens is not None
    assert made.tokens.shape == (2, 8, 16)
    ids = encoder.token_ids([parse_layout("red house 0 0 1 1"), parse_layout("2 0 0 1 1")])
    assert torch.equal(ids[0], ids[1])


def test_the_null_condition_has_no_objects(encoder: LayoutEncoder) -> None:
    null, empty = encoder.null(2).tokens, encoder.encode([Layout(), Layout()]).tokens
    assert null is not None
    assert torch.equal(null, empty if empty is not None else torch.empty(0))
    ids = encoder.token_ids([parse_layout("fox 0 0 1 1")])
    assert torch.equal(encoder.dropped(ids, torch.tensor([True])), encoder.token_ids([Layout()]))


def test_unknown_classes_and_too_many_boxes_are_refused(encoder: LayoutEncoder) -> None:
    for label in ("cat", "3", "-1"):
        with pytest.raises(InputError, match="no class") as refused:
            encoder.encode([parse_layout(f"{label} 0 0 1 1")])
        assert "fox, frog, red house" in refused.value.why
    with pytest.raises(InputError, match="3 boxes") as refused:
        encoder.encode([parse_layout("fox 0 0 1 1\n" * 3)])
    assert refused.value.fix == "Remove 1 boxes."


def test_a_transformer_that_cannot_read_the_format_is_refused() -> None:
    with pytest.raises(ValueError, match="reads 7 tokens"):
        LayoutEncoder(BERTEmbedder(16, 1, vocab_size=100, max_seq_len=7), FORMAT)
