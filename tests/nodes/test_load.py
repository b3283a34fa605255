"""Loading models by name."""

from __future__ import annotations

import pytest
import torch

from core.checkpoints import model_library
from core.errors import InputError
from nodes.load import ModelParts, load_model


def test_a_model_comes_in_parts_that_belong_together_ready_to_use(model: ModelParts) -> None:
    assert model.denoiser.space == model.autoencoder.space
    modules = (model.autoencoder.module, model.denoiser.module, model.text_encoder)
    assert not any(module.training for module in modules)


def test_weights_are_those_of_the_named_model(model: ModelParts, other_model: ModelParts) -> None:
    again = load_model(model="one")
    name = "conv_in.weight"
    mine, same, others = (m.autoencoder.module.encoder.state_dict()[name] for m in (model, again, other_model))
    assert torch.equal(mine, same)
    assert not torch.equal(mine, others)


def test_the_choices_are_the_installed_models() -> None:
    setting = load_model.spec.settings["model"].setting
    assert callable(setting.choices)
    assert setting.choices() == ("one", "two") == model_library.installed()


def test_the_files_that_decide_the_result_are_named_for_the_cache() -> None:
    setting = load_model.spec.settings["model"].setting
    assert setting.reads is not None
    assert {file.name for file in setting.reads("one")} == {
        "autoencoder.safetensors", "denoiser.safetensors", "model.json", "text_encoder.safetensors", "tokenizer.json",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["three", "", ".."])
def test_a_model_that_is_not_installed_is_told_with_those_that_are(name: str) -> None:
    with pytest.raises(InputError, match="one, two") as refused:
        load_model(model=name)
    assert refused.value.port == "model"
