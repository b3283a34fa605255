"""LPIPS and its VGG16: structure, the published names, and the distance's closed forms."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from core.errors import InputError, ModelFileError
from training.perceptual.lpips import LPIPS, SLICES, WIDTHS
from training.perceptual.metric import make_metric
from training.perceptual.weights import load_perceptual_weights, own_name

# The convolutions of torchvision's VGG16.
LAYERS = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)


def test_vgg_halves_after_each_slice_and_its_layers_are_numbered_as_published() -> None:
    model = LPIPS()
    shapes = [tuple(features.shape[1:]) for features in model.net(torch.zeros(1, 3, 32, 32))]
    assert shapes == [(width, 32 >> index, 32 >> index) for index, width in enumerate(WIDTHS)]
    names = [name for name in model.state_dict() if name.startswith("net.") and name.endswith("weight")]
    assert [int(name.split(".")[2]) for name in names] == list(LAYERS)
    assert sum(len(widths) for widths in SLICES) == len(LAYERS)


def test_the_published_names_are_translated() -> None:
    model, names = LPIPS(), [f"features.{index}.{part}" for index in LAYERS for part in ("weight", "bias")]
    names += [f"lin{index}.model.1.weight" for index in range(5)]
    assert {own_name(name) for name in names} | {"scaling_layer.shift", "scaling_layer.scale"} == set(
        model.state_dict()
    )
    assert own_name("classifier.0.weight") == "classifier.0.weight"


def test_equal_heads_give_the_cosine_distance_of_each_layer() -> None:
    model = LPIPS()
    for index in range(5):
        torch.nn.init.ones_(model.get_parameter(f"lin{index}.model.1.weight"))
    a = [torch.zeros(1, width, 2, 2) for width in WIDTHS]
    b = [features.clone() for features in a]
    for one, other in zip(a, b, strict=True):
        one[:, 0], other[:, 0], other[:, 1] = 3.0, 1.0, 1.0  # 45 degrees apart
    wanted = 5 * (2 - 2 * 0.5**0.5)
    torch.testing.assert_close(model.compare(a, b), torch.full((1, 1, 1, 1), wanted))
    assert float(model.compare(a, a)) == 0


def published(folder: Path) -> dict[str, Tensor]:
    """Random weights under the published names, in two files: one of PyTorch's oldest format, one safetensors."""
    stream = torch.Generator().manual_seed(0)
    vgg, channels = {}, 3
    for index, width in zip(LAYERS, (width for widths in SLICES for width in widths), strict=True):
        vgg[f"features.{index}.weight"] = 0.05 * torch.randn(width, channels, 3, 3, generator=stream)
        vgg[f"features.{index}.bias"] = 0.05 * torch.randn(width, generator=stream)
        channels = width
    vgg["classifier.6.bias"] = torch.zeros(1000)
    torch.save(vgg, folder / "vgg16.pth", _use_new_zipfile_serialization=False)
    heads = {
        f"lin{index}.model.1.weight": torch.rand(1, width, 1, 1, generator=stream) for index, width in enumerate(WIDTHS)
    }
    save_file(heads, folder / "vgg.safetensors")
    return vgg | heads


def test_the_users_files_are_loaded_and_the_distance_is_zero_only_for_equal_pictures(tmp_path: Path) -> None:
    tensors = published(tmp_path)
    metric = make_metric("lpips-vgg16", str(tmp_path))
    assert metric is not None
    assert metric.name == "lpips_vgg16"
    a = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(1)) * 2 - 1
    b = a.flip(0).requires_grad_()
    distance = metric.distance(a, b)
    assert distance.shape == (2, 1, 1, 1)
    assert (distance > 0).all()
    assert not metric.distance(a, a).any()
    distance.sum().backward()
    assert b.grad is not None
    assert torch.isfinite(b.grad).all()
    model = LPIPS()
    load_perceptual_weights(model, tmp_path)
    assert torch.equal(model.net.slice5[-2].weight, tensors["features.28.weight"])


def test_missing_and_damaged_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="weights of lpips-vgg16 are not at hand"):
        make_metric("lpips-vgg16", str(tmp_path / "none"))
    published(tmp_path)
    (tmp_path / "vgg.safetensors").unlink()
    with pytest.raises(ModelFileError, match=r"lacks lin0\.model\.1\.weight"):
        make_metric("lpips-vgg16", str(tmp_path))
    (tmp_path / "vgg16.pth").write_bytes((tmp_path / "vgg16.pth").read_bytes()[:9999])
    with pytest.raises(ModelFileError, match=r"vgg16\.pth cannot be read"):
        make_metric("lpips-vgg16", str(tmp_path))


class Harmful:
    """What a hostile file would run."""

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (Path("harmed"),))


def test_code_in_a_file_is_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"features.0.weight": Harmful()}, tmp_path / "vgg16.pth", _use_new_zipfile_serialization=False)
    with pytest.raises(ModelFileError, match=r"vgg16\.pth cannot be read"):
        make_metric("lpips-vgg16", str(tmp_path))
    assert not (tmp_path / "harmed").exists()
