"""The quantizer: nearest entries, losses and their gradients, remapping."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from core.errors import ModelFileError
from core.models import vector_quantizer
from core.models.vector_quantizer import VectorQuantizer


def on_a_line(**settings: Any) -> VectorQuantizer:
    """Entries 0, 1, ... 9 in one channel."""
    quantizer = VectorQuantizer(10, 1, **settings)
    quantizer.embedding.weight.data = torch.arange(10.0)[:, None]
    return quantizer


def cells(*values: float) -> Tensor:
    """A latent [1, 1, 1, w]."""
    return torch.tensor(values)[None, None, None]


def test_each_cell_becomes_the_nearest_entry() -> None:
    quantized = on_a_line()(cells(0.4, 0.6, 7.1, 99.0))
    assert quantized.values.flatten().tolist() == [0, 1, 7, 9]
    assert quantized.indices.tolist() == [0, 1, 7, 9]


def test_channels_stay_together_in_a_batch() -> None:
    quantizer = VectorQuantizer(32, 4, sane_index_shape=True)
    quantizer.embedding.weight.data.normal_()
    z = torch.randn(2, 4, 5, 3)
    quantized = quantizer(z)
    assert quantized.indices.shape == (2, 5, 3)
    distances = (z[:, None] - quantizer.embedding.weight[None, :, :, None, None]).square().sum(dim=2)
    assert torch.equal(quantized.indices, distances.argmin(dim=1))
    torch.testing.assert_close(quantizer.get_codebook_entry(quantized.indices, (2, 5, 3, 4)), quantized.values)
    assert quantizer.get_codebook_entry(quantized.indices).shape == (2, 5, 3, 4)


def test_the_order_of_work_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    quantizer, z = VectorQuantizer(50, 3), torch.randn(2, 3, 7, 5) / 50
    whole = quantizer(z).indices
    monkeypatch.setattr(vector_quantizer, "DISTANCES_AT_ONCE", 200)
    assert torch.equal(quantizer(z).indices, whole)


def test_the_gradient_passes_straight_through() -> None:
    z = torch.randn(1, 1, 3, 3, requires_grad=True)
    upward = torch.randn(1, 1, 3, 3)
    (on_a_line()(z).values * upward).sum().backward()
    torch.testing.assert_close(z.grad, upward)


@pytest.mark.parametrize(("legacy", "to_cell", "to_entry"), [(True, 1.0, 0.25), (False, 0.25, 1.0)])
def test_beta_weighs_the_commitment_unless_legacy(legacy: bool, to_cell: float, to_entry: float) -> None:
    quantizer = on_a_line(beta=0.25, legacy=legacy)
    z = cells(2.5 - 1e-3).requires_grad_()  # nearest: entry 2, 0.499 away
    loss = quantizer(z).loss
    assert float(loss.detach()) == pytest.approx(1.25 * 0.499**2, rel=1e-4)
    loss.backward()
    assert z.grad is not None
    assert quantizer.embedding.weight.grad is not None
    assert float(z.grad) == pytest.approx(to_cell * 2 * 0.499, rel=1e-4)
    assert quantizer.embedding.weight.grad[:, 0].tolist() == pytest.approx(
        [0, 0, -to_entry * 2 * 0.499, *[0] * 7], rel=1e-4
    )


def test_of_an_entry_that_is_listed_twice_the_first_place_counts() -> None:
    quantizer = on_a_line(remap=[5, 2, 5], unknown_index=1)
    assert quantizer.remap_to_used(torch.tensor([[2, 5], [7, 5]])).tolist() == [[1, 0], [1, 0]]


def test_remapped_indices_count_the_used_entries_alone() -> None:
    quantizer = on_a_line(remap=[2, 3, 5, 7], unknown_index=1)
    quantized = quantizer(cells(2, 5, 7, 8))
    assert quantized.indices.tolist() == [[0], [2], [3], [1]]
    assert quantized.values.flatten().tolist() == [2, 5, 7, 8]
    back = quantizer.get_codebook_entry(quantized.indices, (1, 1, 4, 1))
    assert back.flatten().tolist() == [2, 5, 7, 3]


def test_the_extra_number_becomes_the_first_used_entry() -> None:
    quantizer = on_a_line(remap=[2, 3, 5], unknown_index="extra", sane_index_shape=True)
    indices = quantizer(cells(3, 9)).indices
    assert quantizer.re_embed == 4
    assert indices.tolist() == [[[1, 3]]]
    assert quantizer.get_codebook_entry(indices).flatten().tolist() == [3, 2]


def test_unknown_entries_may_become_random_used_ones() -> None:
    quantizer = on_a_line(remap=[2, 3, 5])
    entries = torch.tensor([3] + [9] * 200)
    drawn = quantizer.remap_to_used(entries, torch.Generator().manual_seed(1))
    assert int(drawn[0]) == 1
    assert set(drawn[1:].tolist()) == {0, 1, 2}
    assert torch.equal(drawn, quantizer.remap_to_used(entries, torch.Generator().manual_seed(1)))


def test_used_entries_may_come_from_a_file_and_are_saved_with_the_weights(tmp_path: Path) -> None:
    np.save(tmp_path / "used.npy", np.array([1, 4]))
    state = on_a_line(remap=tmp_path / "used.npy").state_dict()
    assert state["used"].tolist() == [1, 4]
    assert set(state) == {"used", "embedding.weight"}


@pytest.mark.parametrize("content", [b"", b"no array", b"\x93NUMPY\x01\x00"])
def test_a_file_that_lists_no_entries_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "used.npy").write_bytes(content)
    with pytest.raises(ModelFileError, match=r"used\.npy cannot be read"):
        on_a_line(remap=tmp_path / "used.npy")


def test_a_file_with_code_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "used.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(ModelFileError, match="cannot be read"):
        on_a_line(remap=tmp_path / "used.npy")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"remap": [3, 10]}, "entries 0 to 9; got 3 to 10"),
        ({"remap": []}, "whole numbers"),
        ({"remap": [0.5]}, "whole numbers; got float64"),
        ({"remap": [1], "unknown_index": "none"}, "unknown_index must be"),
    ],
)
def test_a_remap_that_makes_no_sense_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        on_a_line(**settings)
