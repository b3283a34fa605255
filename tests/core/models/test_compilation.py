"""Compiling changes how a network runs, and nothing that one sees of it."""

from __future__ import annotations

import shutil

import pytest
import torch

from core.errors import InputError
from core.models import compilation
from core.models.unet import UNetModel

needs_compiler = pytest.mark.skipif(
    not any(map(shutil.which, compilation._COMPILERS)), reason="torch needs a C++ compiler"
)


def small_unet() -> UNetModel:
    model = UNetModel(
        image_size=8, in_channels=2, model_channels=32, out_channels=3, num_res_blocks=1, attention_resolutions=[2],
        channel_mult=[1, 2], num_heads=2, use_spatial_transformer=True, context_dim=6,
    )  # fmt: skip
    for weight in model.parameters():
        torch.nn.init.normal_(weight, 0.0, 0.1)
    return model.eval()


@pytest.mark.slow
@needs_compiler
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's compiler uses parts that torch deprecates
@pytest.mark.parametrize("size", [(8, 8), (9, 7)])
def test_a_compiled_unet_predicts_the_same_under_the_same_names(size: tuple[int, int]) -> None:
    model, given = small_unet(), (torch.randn(1, 2, *size), torch.tensor([500]), torch.randn(1, 5, 6))
    names = list(model.state_dict())
    with torch.no_grad():
        wanted = model(*given)
        compilation.compile_network(model)
        torch.testing.assert_close(model(*given), wanted, atol=1e-4, rtol=1e-4)
    assert list(model.state_dict()) == names


def test_without_a_compiler_the_missing_thing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compilation, "_COMPILERS", ("no-such-compiler",))
    with pytest.raises(InputError, match="cannot be compiled") as caught:
        compilation.compile_network(small_unet())
    assert "no-such-compiler" in str(caught.value.why)
