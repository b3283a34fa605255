"""The second stage under every kind of condition: it learns, resumes exactly, and gives models that sample."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from core.checkpoints import model_library
from core.checkpoints.model_folder import load_model
from core.conditioning.layout import Box, Layout
from core.errors import InputError
from core.graph.node_spec import RunContext
from nodes.condition import no_condition
from nodes.condition_spatial import layout_condition
from nodes.load import load_model as load_model_node
from nodes.sample import denoise, noise, scheduler
from training.config import RunConfig, load_config
from training.loop import Loop
from training.optimization import Optimization
from training.run_folder import read_lines
from training.second_stage import SecondStage

Train = Callable[..., Path]
SHORT = {"phases": "second_stage", "second_stage.optimizer.lr": "4e-3", "second_stage.optimizer.warmup_steps": "1"}
KINDS = {
    "none": (), "text": ("text",), "class": ("class",), "layout": ("layout",), "semantic_map": ("semantic_map",),
    "low_resolution": (), "noisy_low_resolution": (), "inpainting": (), "text,inpainting": ("text",),
    "class,layout": ("class", "layout"),
}  # fmt: skip
"""What the denoiser is told, and which of it learns with it."""


@pytest.fixture
def phase(config_file: Path, second_stage: Callable[[RunConfig], SecondStage]) -> Callable[..., SecondStage]:
    """Make the second stage of the tiny run, with overrides."""

    def make(**overrides: str) -> SecondStage:
        config = load_config(config_file, SHORT | {key.replace("__", "."): text for key, text in overrides.items()})
        return second_stage(config)

    return make


def gradients(phase: SecondStage, step: int = 0) -> dict[str, Tensor]:
    """The gradient of a step, computed in as many parts as the phase says."""
    phase.module.zero_grad()
    for part in range(phase.parts):
        (phase.loss(step, part)[0] / phase.parts).backward()
    return {name: weight.grad for name, weight in phase.module.named_parameters() if weight.grad is not None}


@pytest.mark.parametrize("kinds", KINDS)
def test_the_denoiser_learns_under_every_condition(phase: Callable[..., SecondStage], kinds: str) -> None:
    made = phase(
        second_stage__conditioning__kinds=kinds, second_stage__conditioning__low_resolution__scale="2",
        second_stage__conditioning__semantic_map__out_channels="3",
        second_stage__conditioning__class_label__n_embed="16",
        second_stage__conditioning__layout="{n_embed = 16, n_layer = 1, max_objects = 2, grid = 4}",
        second_stage__optimizer__decay_from="1.0", second_stage__condition_dropout="0.0",
    )  # fmt: skip
    optimization = Optimization(made.module, made.optimizer, made.steps)
    before = [float(made.loss(0)[0].detach()), made.held_out_loss(lambda: None)]
    first = {name: weight.detach().clone() for name, weight in made.told.trained.named_parameters()}
    assert set(made.told.trained) == set(KINDS[kinds])
    for _ in range(12):
        optimization.descend(made.loss(0)[0], 0)
    after = [float(made.loss(0)[0].detach()), made.held_out_loss(lambda: None)]
    assert after[0] < 0.9 * before[0]
    assert after[1] != before[1]
    moved = {
        name.split(".")[0] for name, weight in made.told.trained.named_parameters() if (weight != first[name]).any()
    }
    assert moved == set(KINDS[kinds])
    grid = made.sample_grid(lambda: None)
    seen = {"layout", "semantic_map", "low_resolution", "noisy_low_resolution", "inpainting"} & set(kinds.split(","))
    assert grid.shape == ((2 + 2 * len(seen)) * 18 - 2, 8 * 18 - 2, 3)


@pytest.mark.parametrize("kinds", ["text", "inpainting"])
def test_a_batch_in_parts_gives_the_gradient_of_the_whole(phase: Callable[..., SecondStage], kinds: str) -> None:
    whole, parts, spared = (
        gradients(phase(second_stage__conditioning__kinds=kinds, **more))
        for more in ({}, {"second_stage__accumulate": "2"}, {"second_stage__unet__use_checkpoint": "true"})
    )
    for other in (parts, spared):
        assert other.keys() == whole.keys()
        for name, gradient in whole.items():
            torch.testing.assert_close(other[name], gradient, atol=1e-6, rtol=1e-4)


def test_parts_of_a_mix_are_left_out_together_and_apart(phase: Callable[..., SecondStage]) -> None:
    made = phase(
        second_stage__conditioning__kinds="class,layout", second_stage__condition_dropout="0.25",
        second_stage__conditioning__part_dropout="0.25",
    )  # fmt: skip
    drop = torch.cat([made._dropped(64, step, torch.Generator().manual_seed(step)) for step in range(40)], dim=1)
    share = 1 - 0.75 * 0.75
    assert drop.float().mean(1).tolist() == pytest.approx([share, share], abs=0.05)
    assert float((drop[0] & drop[1]).float().mean()) == pytest.approx(0.25 + 0.75 * 0.25**2, abs=0.05)


def stopped_and_resumed(train: Train, monkeypatch: pytest.MonkeyPatch, **overrides: str) -> Path:
    """Train, stop after two steps, and go on."""
    step = Loop._train_step

    def stopping(loop: Loop) -> object:
        if loop.step == 1:
            (loop.folder.path / "control" / "000.json").write_text('{"command": "stop"}')
        return step(loop)

    with monkeypatch.context() as patch:
        patch.setattr(Loop, "_train_step", stopping)
        folder = train(name="halved", **overrides)
    assert read_lines(folder / "metrics.jsonl")[-1]["step"] == 2
    return train("runs/halved") and folder


@pytest.mark.parametrize(
    "overrides",
    [
        {"second_stage__conditioning__kinds": "layout", "second_stage__accumulate": "2"},
        {"second_stage__conditioning__kinds": "text,inpainting", "second_stage__precision": "float16"},
    ],
)
def test_a_resumed_run_ends_with_the_weights_of_an_undisturbed_one(
    train: Train, finished_run: Path, monkeypatch: pytest.MonkeyPatch, overrides: dict[str, str]
) -> None:
    common = {"phases": "second_stage", "initial": str(finished_run / "models"), "second_stage__steps": "4"}
    whole = train(name="whole", **common, **overrides)
    halved = stopped_and_resumed(train, monkeypatch, **common, **overrides)
    for part in ("denoiser", "conditioner"):
        file = f"models/{part}.safetensors"
        assert (whole / file).read_bytes() == (halved / file).read_bytes()
    lines = [
        [
            (line["step"], line["loss"], line["grad_norm"])
            for line in read_lines(folder / "metrics.jsonl")
            if "loss" in line
        ]
        for folder in (whole, halved)
    ]
    assert lines[0] == lines[1]


def test_a_trained_model_samples_through_the_nodes(
    train: Train, finished_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = train(
        name="boxes", phases="second_stage", initial=str(finished_run / "models"), second_stage__steps="2",
        second_stage__conditioning__kinds="layout",
    )  # fmt: skip
    monkeypatch.setattr(model_library, "SHIPPED", folder)
    model = load_model_node(model="models")
    layout = Layout((Box(x=0.1, y=0.2, width=0.5, height=0.5, label="fox"),))
    positive, negative = layout_condition(model.text_encoder, layout), no_condition(model.text_encoder)
    start, grid = noise(model.autoencoder, width=16, height=16), scheduler(model.denoiser, steps=2)
    made = denoise(model.denoiser, start, grid, positive, negative, guidance=2.0, run=RunContext())
    assert model.autoencoder.decode(made.values).shape == (1, 3, 16, 16)


def test_a_model_is_trained_further_and_its_parent_stays(train: Train, finished_run: Path) -> None:
    parent = finished_run / "models"
    before = {file.name: file.read_bytes() for file in parent.iterdir()}
    folder = train(name="further", phases="second_stage", second_stage__base=str(parent), second_stage__steps="2")
    assert {file.name: file.read_bytes() for file in parent.iterdir()} == before
    old, new = load_model(parent), load_model(folder / "models")
    assert new.denoiser.space == old.denoiser.space
    for mine, parents in ((new.denoiser.module, old.denoiser.module), (new.conditioner, old.conditioner)):
        theirs = parents.state_dict()
        assert any(not torch.equal(weight, theirs[name]) for name, weight in mine.state_dict().items())
    first = load_file(folder / "models" / "autoencoder.safetensors")
    assert all(
        torch.equal(first[name], weight) for name, weight in load_file(parent / "autoencoder.safetensors").items()
    )


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        ({"second_stage__conditioning__kinds": "words"}, "kinds must be some of none, text, class"),
        ({"second_stage__conditioning__kinds": "none,text"}, "none only by itself"),
        ({"second_stage__accumulate": "3"}, "must divide the batch size, 4"),
        ({"second_stage__lora": "{rank = 2}"}, "must name the model that lora changes"),
        ({"second_stage__conditioning__kinds": "low_resolution"}, "must divide the autoencoder's factor 2; got 4"),
        ({"device": "abacus"}, "no device called 'abacus'"),
    ],
)
def test_what_does_not_go_together_is_told(
    phase: Callable[..., SecondStage], overrides: dict[str, str], told: str
) -> None:
    with pytest.raises(InputError) as refused:
        phase(**overrides)
    assert told in f"{refused.value.what} {refused.value.why}"
