from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from training.evaluation.features import make_backbone
from training.evaluation.inception import InceptionFeatures, average


def test_the_network_has_the_published_size_and_names() -> None:
    with torch.device("meta"):
        network = InceptionFeatures()
    # Inception v3 without its auxiliary and its last classifier.
    assert sum(parameter.numel() for parameter in network.parameters()) == 21_785_568
    names = set(network.state_dict())
    assert {"Conv2d_1a_3x3.conv.weight", "Mixed_6e.branch7x7dbl_5.bn.running_var"} < names
    assert network.Mixed_7c.branch3x3dbl_3b.conv.weight.shape == (384, 384, 3, 1)


def test_averages_at_the_edge_are_of_what_is_there() -> None:
    assert torch.allclose(average(torch.ones(1, 1, 4, 4)), torch.ones(1, 1, 4, 4))


@pytest.mark.slow
def test_with_inception_the_distance_is_called_fid(tmp_path: Path) -> None:
    torch.manual_seed(0)
    save_file(InceptionFeatures().state_dict(), tmp_path / "weights.safetensors")
    backbone = make_backbone("inception-v3", str(tmp_path))
    assert backbone.frechet_name == "fid"
    assert backbone.features(torch.zeros(1, 3, 64, 64)).shape == (1, 2048)
