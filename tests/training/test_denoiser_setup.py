"""What a second stage begins with, where it begins with another task's model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from core.checkpoints.model_folder import load_model
from core.conditioning.conditioning import Conditioning
from core.errors import InputError
from training.config import RunConfig, load_config
from training.second_stage import SecondStage

Begin = Callable[[str, Path], SecondStage]


@pytest.fixture
def begun(config_file: Path, second_stage: Callable[[RunConfig], SecondStage]) -> Begin:
    """Make a second stage that is told these kinds, and begins from this model."""

    def make(kinds: str, begins_from: Path) -> SecondStage:
        return second_stage(load_config(config_file, {
            "phases": "second_stage", "second_stage.conditioning.kinds": kinds,
            "second_stage.conditioning.class_label.n_embed": "16", "second_stage.begins_from": str(begins_from),
        }))  # fmt: skip

    return make


def test_an_inpainting_model_begins_as_the_text_model_that_does_not_see_the_masked_picture(
    begun: Begin, finished_run: Path
) -> None:
    made = begun("text,inpainting", finished_run / "models")
    text = load_model(finished_run / "models")
    latents, t = torch.randn(2, *made.latents.shape[1:]), torch.tensor([3, 600])
    words = text.conditioner.null(2)
    beside = torch.randn(2, made.denoiser.module.in_channels - latents.shape[1], *latents.shape[2:])
    with torch.no_grad():
        told = text.denoiser.output(latents, t, words)
        more = made.denoiser.output(latents, t, Conditioning(words.tokens, words.vector, concat=beside))
    torch.testing.assert_close(more, told)
    mine, theirs = made.told.trained["text"].state_dict(), text.conditioner.state_dict()
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[name], theirs[name]) for name in mine)


def test_other_conditions_begin_anew_and_the_layers_that_fit_do_not(begun: Begin, finished_run: Path) -> None:
    made, text = begun("class", finished_run / "models"), load_model(finished_run / "models")
    mine, theirs = made.denoiser.module.state_dict(), text.denoiser.module.state_dict()
    shared = [name for name in mine if name in theirs and mine[name].shape == theirs[name].shape]
    assert len(shared) > 0.9 * len(mine)
    assert all(torch.equal(mine[name], theirs[name]) for name in shared)
    assert set(made.told.trained) == {"class"}


def test_a_model_of_other_latents_is_refused(begun: Begin) -> None:
    with pytest.raises(InputError, match="cannot begin from") as refused:
        begun("class", Path("resources/models/stickers-24").absolute())
    assert "those of tiny" in refused.value.why


def test_a_model_is_trained_further_or_begun_from_not_both(config_file: Path) -> None:
    with pytest.raises(InputError, match="begins_from"):
        load_config(config_file, {"second_stage.base": "a", "second_stage.begins_from": "b"})
