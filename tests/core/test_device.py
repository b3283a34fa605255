"""The choice of a device."""

from __future__ import annotations

import pytest
import torch

from core.device import select
from core.errors import InputError


def test_the_processor_is_always_there() -> None:
    assert select("cpu") == torch.device("cpu")
    assert select().type == ("cuda" if torch.cuda.is_available() else "cpu")


def test_an_unknown_device_is_named() -> None:
    with pytest.raises(InputError, match="no device called 'toaster'"):
        select("toaster")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
@pytest.mark.parametrize("name", ["cuda", "cuda:1"])
def test_a_missing_gpu_says_what_to_do(name: str) -> None:
    with pytest.raises(InputError, match="not available") as caught:
        select(name)
    assert "--device cpu" in caught.value.fix
