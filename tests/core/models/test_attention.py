"""Attention layers: closed forms and the identity that they start as."""

from __future__ import annotations

import pytest
import torch

from core.models.attention import AttentionBlock, CrossAttention, SpatialTransformer, multi_head_attention


def test_equal_keys_give_the_mean_of_the_values() -> None:
    values = torch.randn(2, 5, 8)
    attended = multi_head_attention(torch.randn(2, 3, 8), torch.ones(2, 5, 8), values, heads=2)
    torch.testing.assert_close(attended, values.mean(1, keepdim=True).expand(2, 3, 8))


def test_heads_do_not_mix() -> None:
    q, k, v = torch.randn(3, 1, 4, 6).unbind(0)
    changed = v.clone()
    changed[..., 3:] += 1
    before, after = (multi_head_attention(q, k, values, heads=2) for values in (v, changed))
    torch.testing.assert_close(before[..., :3], after[..., :3])
    assert not torch.allclose(before[..., 3:], after[..., 3:])


def test_cross_attention_without_a_context_attends_to_itself() -> None:
    layer, x = CrossAttention(8, heads=2, dim_head=4), torch.randn(1, 5, 8)
    torch.testing.assert_close(layer(x), layer(x, x))


@pytest.mark.parametrize("use_new_attention_order", [False, True])
def test_the_attention_block_starts_as_the_identity(use_new_attention_order: bool) -> None:
    x = torch.randn(2, 32, 4, 3)
    block = AttentionBlock(32, num_heads=4, use_new_attention_order=use_new_attention_order)
    torch.testing.assert_close(block(x), x)


def test_both_attention_orders_agree_when_the_weights_are_laid_out_for_them() -> None:
    heads, width = 4, 32
    old, new = AttentionBlock(width, heads), AttentionBlock(width, heads, use_new_attention_order=True)
    for parameter in old.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    state = old.state_dict()
    for name in ("qkv.weight", "qkv.bias"):
        # From [head, (q, k, v), channel] to [(q, k, v), head, channel].
        split = state[name].reshape(heads, 3, width // heads, *state[name].shape[1:])
        state[name] = split.transpose(0, 1).reshape(state[name].shape)
    new.load_state_dict(state)
    x = torch.randn(1, width, 5, 3)
    torch.testing.assert_close(new(x), old(x))


@pytest.mark.parametrize("use_linear", [False, True])
def test_the_spatial_transformer_starts_as_the_identity(use_linear: bool) -> None:
    x, context = torch.randn(2, 32, 3, 4), torch.randn(2, 7, 5)
    layer = SpatialTransformer(32, heads=2, dim_head=16, depth=2, context_dim=5, use_linear=use_linear)
    torch.testing.assert_close(layer(x, context), x)
