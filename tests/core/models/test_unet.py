"""The UNet beyond the golden fixtures: what it refuses, and what options must not change."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from core.models.unet import UNetModel
from tests.core.checkpoints.published import single_file

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


@pytest.mark.parametrize("options", [{}, {"resblock_updown": True}, {"conv_resample": False}])
def test_a_latent_of_odd_size_keeps_its_size(options: dict[str, Any]) -> None:
    model = model_with(channel_mult=[1, 2, 2], **options)
    with torch.no_grad():
        prediction = model(torch.randn(1, 2, 11, 7), torch.tensor([4]))
    assert prediction.shape == (1, 3, 11, 7)
    assert prediction.isfinite().all()


WITH_CONTEXT: dict[str, Any] = {"use_spatial_transformer": True, "legacy": False}


def test_each_block_of_a_transformer_can_have_a_context_of_its_own() -> None:
    options = WITH_CONTEXT | {"transformer_depth": 2}
    several, one = model_with(context_dim=[6, 6], **options), model_with(context_dim=6, **options)
    x, t, contexts = torch.randn(1, 2, 8, 8), torch.tensor([4]), torch.randn(2, 1, 5, 6)
    with torch.no_grad():
        torch.testing.assert_close(several(x, t, [contexts[0], contexts[0]]), one(x, t, contexts[0]))
        assert not torch.allclose(several(x, t, list(contexts)), one(x, t, contexts[0]))
    with pytest.raises(ValueError, match="one width for each of 2 blocks"):
        model_with(context_dim=[6], **options)


@pytest.mark.parametrize("use_linear", [False, True])
def test_memory_layout_and_gradients_change_no_prediction(use_linear: bool) -> None:
    model = model_with(context_dim=6, model_channels=128, use_linear_in_transformer=use_linear, **WITH_CONTEXT)
    x, t, context = torch.randn(1, 2, 64, 32), torch.tensor([4]), torch.randn(1, 5, 6)
    wanted = model(x, t, context)
    with torch.no_grad():
        for layout in (torch.contiguous_format, torch.channels_last):
            found = model.to(memory_format=layout)(x.contiguous(memory_format=layout), t, context)
            torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_stays_near_full_precision_and_answers_in_its_inputs_type(dtype: torch.dtype) -> None:
    options = WITH_CONTEXT | {"context_dim": 6, "num_classes": "continuous"}
    full, half = model_with(**options), model_with(**options).to(dtype)
    given = torch.randn(1, 2, 8, 8), torch.tensor([500]), torch.randn(1, 5, 6), torch.tensor([[0.5]])
    with torch.no_grad():
        wanted, found = full(*given), half(*given)
    assert found.dtype is torch.float32
    relative = float((found - wanted).norm() / wanted.norm())
    assert 0 < relative < 30 * torch.finfo(dtype).eps


def test_a_unet_asked_for_in_float16_has_such_weights() -> None:
    assert {weight.dtype for weight in UNetModel(**SMALL, use_fp16=True).parameters()} == {torch.float16}


PUBLISHED: dict[str, dict[str, Any]] = {
    "sd15": {"in_channels": 4, "num_heads": 8, "context_dim": 768},
    "sd15_inpainting": {"in_channels": 9, "num_heads": 8, "context_dim": 768},
    "sd21": {"in_channels": 4, "num_head_channels": 64, "context_dim": 1024, "use_linear_in_transformer": True},
    "sdxl_base": {
        "in_channels": 4, "num_head_channels": 64, "context_dim": 2048, "use_linear_in_transformer": True,
        "channel_mult": [1, 2, 4], "attention_resolutions": [4, 2], "transformer_depth": [0, 2, 10],
        "num_classes": "sequential", "adm_in_channels": 2816,
    },
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_model_has_these_weights_and_no_others(name: str) -> None:
    arguments = {
        "image_size": 32, "out_channels": 4, "model_channels": 320, "attention_resolutions": [4, 2, 1],
        "num_res_blocks": 2, "channel_mult": [1, 2, 4, 4], "use_spatial_transformer": True, "legacy": False,
    } | PUBLISHED[name]  # fmt: skip
    prefix = "model.diffusion_model."
    wanted = {key.removeprefix(prefix): t.shape for key, t in single_file(name).items() if key.startswith(prefix)}
    with torch.device("meta"):
        model = UNetModel(**arguments)
    assert {key: weight.shape for key, weight in model.state_dict().items()} == wanted
