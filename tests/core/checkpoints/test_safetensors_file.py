"""Weight files that are whole, and all the ways in which they are not."""

from __future__ import annotations

import json
import struct
import tracemalloc
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from core.checkpoints.build import load_into
from core.checkpoints.safetensors_file import TensorEntry, read_header
from core.errors import ModelFileError


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A file for `nn.Linear(3, 2)`."""
    path = tmp_path / "weights.safetensors"
    save_file({"weight": torch.arange(6.0).reshape(2, 3), "bias": torch.ones(2)}, path)
    return path


def with_header(path: Path, header: object, data: bytes = b"") -> Path:
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def test_the_header_tells_names_dtypes_and_shapes(weights: Path) -> None:
    assert read_header(weights) == {"weight": TensorEntry("F32", (2, 3)), "bias": TensorEntry("F32", (2,))}


def test_weights_arrive_in_the_module(weights: Path) -> None:
    module = nn.Linear(3, 2)
    load_into(module, weights)
    assert module.weight.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_half_precision_is_widened(tmp_path: Path) -> None:
    path, module = tmp_path / "half.safetensors", nn.Linear(1, 1)
    save_file({"weight": torch.full((1, 1), 0.5).half(), "bias": torch.ones(1).half()}, path)
    load_into(module, path)
    assert module.weight.dtype == torch.float32
    assert module.weight.item() == 0.5


def test_a_huge_claim_is_refused_without_the_memory_for_it(tmp_path: Path) -> None:
    path = tmp_path / "huge.safetensors"
    path.write_bytes(struct.pack("<Q", 2**60) + b"{}")
    tracemalloc.start()
    with pytest.raises(ModelFileError, match="header claims 1152921504606846976 bytes in a file of 10"):
        read_header(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20


def test_a_tensor_larger_than_the_file_is_refused(tmp_path: Path) -> None:
    entry = {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}
    with pytest.raises(ModelFileError, match="only 4 bytes of data"):
        load_into(nn.Linear(1, 1), with_header(tmp_path / "large.safetensors", {"weight": entry}, b"four"))


@pytest.mark.parametrize("keep", [0, 5, 40, -1])
def test_a_truncated_file_is_called_damaged(weights: Path, keep: int) -> None:
    weights.write_bytes(weights.read_bytes()[:keep])
    with pytest.raises(ModelFileError, match="damaged or truncated"):
        load_into(nn.Linear(3, 2), weights)


@pytest.mark.parametrize(
    "header",
    [
        [1, 2],
        {"weight": 5},
        {"weight": {"dtype": "F32", "shape": [1]}},
        {"weight": {"dtype": "F99", "shape": [1], "data_offsets": [0, 4]}},
        {"weight": {"dtype": "F32", "shape": [1], "data_offsets": [0, 8]}},
        {"weight": {"dtype": "F32", "shape": [-1], "data_offsets": [4, 0]}},
        {"weight": {"dtype": "F32", "shape": ["1"], "data_offsets": [0, 4]}},
    ],
)
def test_a_header_that_makes_no_sense_is_called_damaged(tmp_path: Path, header: object) -> None:
    with pytest.raises(ModelFileError, match="damaged or truncated"):
        read_header(with_header(tmp_path / "odd.safetensors", header, bytes(8)))


def test_what_is_not_json_is_called_damaged(tmp_path: Path) -> None:
    path = tmp_path / "odd.safetensors"
    path.write_bytes(struct.pack("<Q", 4) + b"\xff\xfe{{" + bytes(8))
    with pytest.raises(ModelFileError, match="not JSON"):
        read_header(path)


def test_weights_that_are_not_finite_are_refused_and_the_module_stays(tmp_path: Path) -> None:
    path, module = tmp_path / "nan.safetensors", nn.Linear(3, 2)
    save_file({"weight": torch.full((2, 3), torch.nan), "bias": torch.ones(2)}, path)
    before = module.bias.clone()
    with pytest.raises(ModelFileError, match="weight holds values that are not finite"):
        load_into(module, path)
    assert torch.equal(module.bias, before)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"absent\.safetensors cannot be read"):
        read_header(tmp_path / "absent.safetensors")


@pytest.mark.parametrize(
    ("module", "detail"),
    [
        (nn.Linear(4, 2), r"weight is \[2, 3\], the model needs \[2, 4\]"),
        (nn.Linear(3, 2, bias=False), "it also holds bias"),
        (nn.Sequential(nn.Linear(3, 2)), r"it lacks 0\.weight"),
    ],
)
def test_weights_of_another_model_are_refused_before_they_are_read(
    weights: Path, module: nn.Module, detail: str
) -> None:
    with pytest.raises(ModelFileError, match="does not fit this model") as caught:
        load_into(module, weights)
    assert caught.match(detail)


def test_tensors_that_claim_the_same_bytes_are_refused(tmp_path: Path) -> None:
    entry = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    other = {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}
    with pytest.raises(ModelFileError, match="claim the same bytes"):
        read_header(with_header(tmp_path / "odd.safetensors", {"a": entry, "b": other}, bytes(8)))


def test_empty_tensors_take_no_bytes_from_others(tmp_path: Path) -> None:
    entry = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    empty = {"dtype": "F32", "shape": [0, 3], "data_offsets": [4, 4]}
    header = read_header(with_header(tmp_path / "odd.safetensors", {"a": entry, "b": empty}, bytes(8)))
    assert header["b"].count == 0


def test_a_header_nested_without_end_is_called_damaged(tmp_path: Path) -> None:
    path, text = tmp_path / "deep.safetensors", b"[" * 200_000
    path.write_bytes(struct.pack("<Q", len(text)) + text)
    with pytest.raises(ModelFileError, match="damaged or truncated"):
        read_header(path)
