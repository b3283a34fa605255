"""The choice of a device."""

from __future__ import annotations

import pytest
import torch

from core.device import is_out_of_memory, select
from core.errors import InputError


def test_the_processor_is_always_there() -> None:
    assert select("cpu") == torch.device("cpu")
    assert select().type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("name", ["toaster", "meta", "cpu:7"])
def test_an_unknown_device_is_named(name: str) -> None:
    with pytest.raises(InputError, match=f"no device called '{name}'") as caught:
        select(name)
    assert "cpu" in caught.value.why


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
@pytest.mark.parametrize("name", ["cuda", "cuda:1"])
def test_a_missing_gpu_says_what_to_do(name: str) -> None:
    with pytest.raises(InputError, match="not available") as caught:
        select(name)
    assert "--device cpu" in caught.value.fix


def test_only_missing_memory_counts_as_missing_memory() -> None:
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory."))
    with pytest.raises(RuntimeError) as refused:
        torch.empty(2**58, dtype=torch.uint8)
    assert is_out_of_memory(refused.value)
    assert not is_out_of_memory(RuntimeError("shapes do not match"))
