"""First stages trained as the published ones were: a discriminator, a perceptual network, KL or a codebook."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from core.checkpoints.model_folder import load_autoencoder
from core.errors import InputError, LoomError
from training import loop
from training.run_folder import read_lines

Train = Callable[..., Path]
ADVERSARY = """
[first_stage.discriminator]
disc_start = 2
disc_ndf = 4
disc_num_layers = 1
disc_weight = 0.5
"""


@pytest.fixture
def adversarial(config_file: Path, train: Train) -> Callable[..., Path]:
    """Train the first stage against a discriminator that starts at step 2 of 4."""
    config_file.write_text(config_file.read_text("utf-8") + ADVERSARY, "utf-8")
    return lambda target="tiny.toml", **overrides: train(
        target, **({"phases": "first_stage", **overrides} if target == "tiny.toml" else {})
    )


def metrics(folder: Path) -> list[dict[str, Any]]:
    lines = [line for line in read_lines(folder / "metrics.jsonl") if "loss" in line]
    return [{name: value for name, value in line.items() if name != "samples_per_second"} for line in lines]


def test_the_discriminator_learns_from_its_start_and_its_figures_are_logged(adversarial: Train) -> None:
    folder = adversarial()
    lines = metrics(folder)
    assert ["disc_loss" in line for line in lines] == [False, False, True, True]
    for line in lines[2:]:
        assert {"logits_real", "logits_fake", "d_weight", "gradient_ratio", "g_loss", "critic_grad_norm"} <= set(line)
        assert line["d_weight"] == pytest.approx(0.5 * line["gradient_ratio"], abs=1e-5)
    states = [load_file(folder / f"checkpoints/first_stage/step_{step}/critic.safetensors") for step in (2, 4)]
    assert not torch.equal(states[0]["main.0.weight"], states[1]["main.0.weight"])


@pytest.mark.parametrize("step", [1, 2])
def test_a_resumed_run_repeats_the_discriminators_losses_too(
    adversarial: Train, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    whole = adversarial(name="whole")
    train_step = loop.Loop._train_step

    def asked(running: loop.Loop) -> Any:
        if running.step == step:
            (running.folder.path / "control" / "000.json").write_text(json.dumps({"command": "stop"}))
        return train_step(running)

    with monkeypatch.context() as patch:
        patch.setattr(loop.Loop, "_train_step", asked)
        folder = adversarial()
    assert len(metrics(folder)) == step + 1
    adversarial("runs/tiny")
    assert metrics(folder) == metrics(whole)
    for file in ("weights", "critic", "critic_optimizer", "ema"):
        path = f"checkpoints/first_stage/step_4/{file}.safetensors"
        assert (folder / path).read_bytes() == (whole / path).read_bytes()


def test_the_perceptual_distance_carries_its_networks_name(adversarial: Train) -> None:
    folder = adversarial(
        first_stage__perceptual="efficientnet-lite0", first_stage__reduction="sum", first_stage__steps="2"
    )
    assert all(line["efficientnet_lite0"] > 0 for line in metrics(folder))


def test_a_codebook_is_trained_and_the_model_loads(adversarial: Train) -> None:
    folder = adversarial(
        first_stage__n_embed="16", first_stage__ddconfig__double_z="false", first_stage__steps="3", name="codebook"
    )
    for line in metrics(folder):
        assert line["codebook"] >= 0
        assert 1 <= line["perplexity"] <= 16
        assert line["clusters"] <= 16
        assert "kl" not in line
    autoencoder = load_autoencoder(folder / "models")
    assert autoencoder.encode(torch.zeros(1, 3, 16, 16)).shape == (1, 2, 8, 8)
    assert autoencoder.module.get_parameter("quantize.embedding.weight").shape == (16, 2)


def test_a_discriminator_that_diverges_is_told(adversarial: Train) -> None:
    with pytest.raises(LoomError, match="not a finite number"):
        adversarial(
            first_stage__discriminator_optimizer__lr="1e30", first_stage__discriminator__disc_start="0",
            first_stage__steps="4",
        )  # fmt: skip


def test_a_discriminator_that_the_pictures_are_too_small_for_is_refused_before_training(adversarial: Train) -> None:
    with pytest.raises(InputError, match="disc_num_layers is 3, which needs 24 pixels; resolution is 16") as refused:
        adversarial(first_stage__discriminator__disc_num_layers="3")
    assert "first_stage" in refused.value.fix


def test_the_latent_scale_can_come_from_the_first_batch(adversarial: Train) -> None:
    some, batch = (adversarial(name=f"scale{count}", first_stage__scale_images=str(count)) for count in (12, 4))
    scales = [load_autoencoder(folder / "models").space.scale for folder in (some, batch)]
    assert scales[0] != scales[1]
    assert scales[0] == pytest.approx(scales[1], rel=0.5)


def test_the_second_stage_learns_variances_and_logs_its_terms(train: Train, finished_run: Path) -> None:
    models = Path("earlier")
    shutil.copytree(finished_run / "models", models)
    folder = train(
        name="learned", phases="second_stage", initial=str(models), second_stage__objective__learn_logvar="true",
        second_stage__objective__offset_noise="0.1", second_stage__objective__original_elbo_weight="0.001",
        second_stage__steps="2",
    )  # fmt: skip
    for line in metrics(folder):
        assert {"loss_simple", "loss_gamma", "loss_vlb"} <= set(line)
        assert any(f"loss_q{part}" in line for part in range(4))
    weights = load_file(folder / "checkpoints/second_stage/step_2/weights.safetensors")
    assert weights["logvar"].shape == (1000,)
    assert weights["logvar"].any()
