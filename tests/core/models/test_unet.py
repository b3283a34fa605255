"""The UNet beyond the golden fixtures: what it refuses, and what options must not change."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from core.models.unet import UNetModel

SMALL: dict[str, Any] = {
    "image_size": 8, "in_channels": 2, "model_channels": 32, "out_channels": 3, "num_res_blocks": 1,
    "attention_resolutions": [2], "channel_mult": [1, 2], "num_heads": 2,
}  # fmt: skip


def model_with(**options: Any) -> UNetModel:
    """A small UNet in which no layer is zero."""
    model = UNetModel(**(SMALL | options)).eval()
    stream = torch.Generator().manual_seed(5)
    for parameter in model.parameters():
        parameter.data.normal_(0, 0.1, generator=stream)
    return model


def test_an_untrained_unet_predicts_nothing() -> None:
    prediction = UNetModel(**SMALL)(torch.randn(2, 2, 8, 8), torch.tensor([0, 999]))
    torch.testing.assert_close(prediction, torch.zeros(2, 3, 8, 8))


def test_a_sample_does_not_depend_on_its_batch() -> None:
    model, x, t = model_with(), torch.randn(3, 2, 8, 12), torch.tensor([3, 500, 999])
    with torch.no_grad():
        torch.testing.assert_close(model(x, t)[1:2], model(x[1:2], t[1:2]), atol=1e-4, rtol=1e-5)


def test_recomputing_activations_changes_no_gradient() -> None:
    gradients = []
    for use_checkpoint in (False, True):
        model, stream = model_with(use_checkpoint=use_checkpoint), torch.Generator().manual_seed(1)
        model(torch.randn(1, 2, 8, 8, generator=stream), torch.tensor([10])).square().mean().backward()
        gradients.append(model.input_blocks[0][0].weight.grad)
    torch.testing.assert_close(*gradients)


def test_labels_are_required_exactly_with_classes() -> None:
    x, t, y = torch.randn(1, 2, 8, 8), torch.tensor([1]), torch.tensor([1])
    with pytest.raises(ValueError, match="y must be given"):
        model_with(num_classes=4)(x, t)
    with pytest.raises(ValueError, match="y must be given"):
        model_with()(x, t, y=y)


def test_a_continuous_label_moves_the_prediction() -> None:
    model, x, t = model_with(num_classes="continuous"), torch.randn(1, 2, 8, 8), torch.tensor([1])
    with torch.no_grad():
        low, high = (model(x, t, y=torch.tensor([[value]])) for value in (0.0, 3.0))
    assert not torch.allclose(low, high)


@pytest.mark.parametrize("options", [{"num_heads": -1}, {"num_classes": "sequential"}, {"num_classes": "other"}])
def test_arguments_that_make_no_model_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"num_heads|num_classes"):
        UNetModel(**(SMALL | options))


def test_attention_can_stop_after_some_blocks_of_a_level() -> None:
    def attention_blocks(**options: Any) -> int:
        names = model_with(num_res_blocks=2, **options).state_dict()
        return sum(name.endswith("qkv.weight") for name in names)

    # Two blocks down and three up at the second level, and the middle; then one and one.
    assert attention_blocks() == 6
    assert attention_blocks(num_attention_blocks=[1, 1]) == 3


def test_averaging_replaces_the_resampling_convolutions() -> None:
    with_conv, without = (model_with(conv_resample=conv).state_dict().keys() for conv in (True, False))
    assert {name.rsplit(".", 2)[1] for name in with_conv - without} == {"op", "conv"}
    assert not without - with_conv
