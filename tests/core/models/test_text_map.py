"""Each cell of the map asks the tokens what is there."""

from __future__ import annotations

import torch

from core.models.text_map import TextMap


def test_a_map_has_a_share_for_each_channel_and_cell() -> None:
    torch.manual_seed(0)
    made = TextMap(16, 3, (4, 2))(torch.randn(2, 5, 16))
    assert made.shape == (2, 3, 4, 2)
    assert float(made.detach().min()) > 0
    assert float(made.detach().max()) < 1


def test_cells_see_the_tokens_and_not_their_order() -> None:
    torch.manual_seed(0)
    network, tokens = TextMap(16, 3, (4, 2)), torch.randn(1, 5, 16)
    with torch.no_grad():
        torch.testing.assert_close(network(tokens.flip(1)), network(tokens))
        assert not torch.allclose(network(tokens + 1), network(tokens))
