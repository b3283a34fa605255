"""Every conditioner can be trained: built by name, called with a batch of items, dropped, and differentiated."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the customary name

from core.conditioning.build import KINDS, build_item_conditioner
from training.tokenizer import train_tokenizer

TRANSFORMER = {"n_embed": 16, "n_layer": 1, "vocab_size": 64, "max_seq_len": 12}
MAPS = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(1))
IDS = torch.randint(0, 64, (4, 12), generator=torch.Generator().manual_seed(2))
CASES: dict[str, tuple[dict[str, Any], Tensor, bool]] = {
    "none": ({}, IDS, False),
    "text": (TRANSFORMER, IDS, True),
    "class": ({"embed_dim": 16, "n_classes": 5}, torch.arange(4), True),
    "layout": (
        {"transformer": TRANSFORMER, "format": {"no_object_classes": 3, "no_max_objects": 2, "no_tokens": 64}},
        IDS[:, :8],
        True,
    ),
    "semantic_map": ({"n_stages": 1, "in_channels": 3, "out_channels": 2}, MAPS, True),
    "low_resolution": ({}, MAPS, False),
    "noisy_low_resolution": ({"max_noise_level": 100}, MAPS, False),
    "inpainting": ({"convention": "stable diffusion"}, torch.cat([MAPS, MAPS[:, :1].round()], dim=1), False),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_conditioner_learns_from_batches_with_dropped_items(kind: str) -> None:
    arguments, items, learns = CASES[kind]
    tokenizer = train_tokenizer(["a fox"])
    conditioner = build_item_conditioner(
        kind, arguments, tokenizer=tokenizer, first_stage=lambda pixels: F.avg_pool2d(pixels, 4)
    )
    made = conditioner(conditioner.dropped(items, torch.tensor([True, False, True, False])))
    parts = [part for part in (made.tokens, made.vector, made.concat) if part is not None]
    assert all(len(part) == 4 for part in parts)
    assert bool(parts) == (kind != "none")
    assert any(parameter.requires_grad for parameter in conditioner.parameters()) == learns
    if learns:
        sum(part.square().sum() for part in parts).backward()
        assert all(weight.grad is None or weight.grad.isfinite().all() for weight in conditioner.parameters())
        assert any(weight.grad is not None and weight.grad.any() for weight in conditioner.parameters())


def test_what_is_missing_or_unknown_is_named() -> None:
    with pytest.raises(ValueError, match="text conditioner needs a tokenizer"):
        build_item_conditioner("text", TRANSFORMER)
    with pytest.raises(ValueError, match="inpainting conditioner needs a first stage"):
        build_item_conditioner("inpainting", {})
    with pytest.raises(ValueError, match="Unknown conditioner 'words'"):
        build_item_conditioner("words", {})
