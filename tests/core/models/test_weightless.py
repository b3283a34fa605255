"""Networks without memory for their weights."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from core.models.text_transformer import BERTEmbedder
from core.models.weightless import weightless


def test_weights_are_nowhere_and_have_the_names_and_shapes_of_others() -> None:
    with weightless():
        network = BERTEmbedder(16, 2, 30, 5)
    assert {tensor.device.type for tensor in network.state_dict().values()} == {"meta"}
    shapes = {name: tensor.shape for name, tensor in network.state_dict().items()}
    assert shapes == {name: tensor.shape for name, tensor in BERTEmbedder(16, 2, 30, 5).state_dict().items()}


def test_networks_built_afterwards_are_as_ever() -> None:
    with weightless():
        nn.Linear(2, 2)
    assert bool(nn.Linear(2, 2).weight.any())


def test_a_network_of_endless_layers_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 100 weights"), weightless(100):
        BERTEmbedder(16, 10**9, 30, 5)


def test_a_width_beyond_all_memory_takes_none() -> None:
    with weightless():
        wide = nn.Linear(2**30, 2**30)
    assert wide.weight.numel() == 2**60
    assert wide.weight.dtype is torch.float32
