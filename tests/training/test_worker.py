"""Whole runs, really trained: what they leave behind, exact resume, stopping, divergence, frozen configurations."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from core.checkpoints.model_folder import load_model
from core.errors import DeviceMemoryError, InputError, LoomError
from training import loop, worker
from training.config import load_config
from training.data.latent_cache import cached_latents
from training.data.opening import open_data
from training.data.watch import Watch
from training.run_folder import read_lines

Train = Callable[..., Path]


def status(folder: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((folder / "status.json").read_text())
    return record


def losses(folder: Path) -> list[dict[str, Any]]:
    """Everything that the metrics say of steps, apart from the speed."""
    lines = [line for line in read_lines(folder / "metrics.jsonl") if "loss" in line]
    return [{name: value for name, value in line.items() if name != "samples_per_second"} for line in lines]


def checkpoints(folder: Path) -> set[str]:
    return {path.name for path in (folder / "checkpoints/first_stage").glob("step_*")}


def command(folder: Path, name: str) -> None:
    (folder / "control").mkdir(parents=True, exist_ok=True)
    (folder / "control" / "000.json").write_text(json.dumps({"command": name}))


def test_a_finished_run_says_so_and_leaves_everything_behind(finished_run: Path) -> None:
    assert status(finished_run)["state"] == "finished"
    steps = [(line["phase"], line["step"]) for line in losses(finished_run)]
    assert steps == [
        *(("first_stage", step) for step in range(1, 5)),
        *(("decoder", step) for step in range(1, 4)),
        *(("second_stage", step) for step in range(1, 6)),
    ]
    for phase, step in (("first_stage", 4), ("decoder", 3), ("second_stage", 5)):
        grids = (finished_run / f"samples/{phase}/step_{step}").iterdir()
        assert {file.name for file in grids} == {"raw.png", "ema.png"}
        assert (finished_run / f"checkpoints/{phase}/step_{step}/weights.safetensors").exists()


def test_a_finished_run_gives_a_model_that_loads(finished_run: Path) -> None:
    model = load_model(finished_run / "models")
    assert model.denoiser.space == model.autoencoder.space
    images = torch.zeros(1, 3, 16, 16)
    assert model.autoencoder.encode(images).shape == (1, 2, 8, 8)


def test_latents_have_unit_variance_under_the_saved_scale(finished_run: Path) -> None:
    config = load_config(finished_run / "config.toml")
    cache = finished_run.parent / ".cache"
    data = open_data(config.data, cache, Watch())
    latents = cached_latents(data.train, load_model(finished_run / "models").autoencoder, cache, Watch())
    assert float(latents[torch.arange(len(latents))].std()) == pytest.approx(1, abs=1e-4)


def test_the_run_folder_holds_what_was_run_with_its_overrides(train: Train) -> None:
    folder = train(name="other", phases="first_stage", first_stage__steps="1", data__seed="0")
    config = load_config(folder / "config.toml")
    assert (config.name, config.phases, config.first_stage.steps) == ("other", ("first_stage",), 1)
    environment = json.loads((folder / "environment.json").read_text())
    assert environment["dataset"] == json.loads((folder / "data.json").read_text())["fingerprint"]
    assert environment["torch"] == torch.__version__
    assert not (folder / "models" / "denoiser.safetensors").exists()


def stop_at(monkeypatch: pytest.MonkeyPatch, phase: str, step: int) -> None:
    """Let somebody ask for a stop while `step` of `phase` is computed."""
    train_step = loop.Loop._train_step

    def asked(running: loop.Loop) -> Any:
        if (running.phase.name, running.step) == (phase, step):
            command(running.folder.path, "stop")
        return train_step(running)

    monkeypatch.setattr(loop.Loop, "_train_step", asked)


@pytest.mark.parametrize(("phase", "step"), [("first_stage", 2), ("decoder", 0), ("second_stage", 2)])
def test_a_resumed_run_repeats_the_losses_of_an_uninterrupted_one(
    train: Train, finished_run: Path, monkeypatch: pytest.MonkeyPatch, phase: str, step: int
) -> None:
    with monkeypatch.context() as patch:
        stop_at(patch, phase, step)
        folder = train()
    assert status(folder)["state"] == "stopped"
    # The stop acts before another step begins.
    assert (status(folder)["phase"], status(folder)["step"]) == (phase, step + 1)
    assert losses(folder)[-1]["step"] == step + 1

    train("runs/tiny")
    assert status(folder)["state"] == "finished"
    assert losses(folder) == losses(finished_run)
    for part in ("autoencoder", "denoiser", "text_encoder"):
        file = f"models/{part}.safetensors"
        assert (folder / file).read_bytes() == (finished_run / file).read_bytes()


def test_a_stop_asked_for_before_the_first_step_stops_there(train: Train, tmp_path: Path) -> None:
    command(tmp_path / "runs" / "tiny", "stop")
    folder = train()
    assert (status(folder)["state"], status(folder)["step"]) == ("stopped", 0)
    assert losses(folder) == []


def test_an_interrupt_stops_within_a_step_and_gives_the_signal_back(
    train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = signal.getsignal(signal.SIGTERM)
    train_step = loop.Loop._train_step

    def interrupted(running: loop.Loop) -> Any:
        signal.raise_signal(signal.SIGTERM)
        return train_step(running)

    monkeypatch.setattr(loop.Loop, "_train_step", interrupted)
    folder = train()
    assert (status(folder)["state"], status(folder)["step"]) == ("stopped", 1)
    assert signal.getsignal(signal.SIGTERM) is handler


def test_samples_and_checkpoints_are_made_on_command_and_strange_commands_are_told(
    train: Train, tmp_path: Path
) -> None:
    control = tmp_path / "runs" / "tiny" / "control"
    for index, name in enumerate(("sample", "checkpoint", "dance")):
        command(control.parent, name)
        (control / "000.json").rename(control / f"{index + 1:03}.json")
    folder = train(phases="first_stage", first_stage__steps="1", checkpoint_every="9", keep_checkpoints="9")
    assert {path.name for path in (folder / "samples/first_stage").iterdir()} == {"step_0", "step_1"}
    assert checkpoints(folder) == {"step_0", "step_1"}
    ignored = [line for line in read_lines(folder / "events.jsonl") if line["event"] == "control_ignored"]
    assert [line["command"] for line in ignored] == ["dance"]


def test_divergence_stops_before_the_weights_are_harmed_and_keeps_the_last_checkpoint(
    train: Train, tmp_path: Path
) -> None:
    with pytest.raises(LoomError) as failed:
        train(first_stage__optimizer__lr="1e30", first_stage__optimizer__warmup_steps="0", checkpoint_every="1")
    folder = tmp_path / "runs" / "tiny"
    error = failed.value
    assert "not a finite number" in error.what
    assert "learning rate" in error.why
    assert "first_stage.optimizer.lr" in error.fix
    assert status(folder)["state"] == "failed"
    assert status(folder)["error"] == {"what": error.what, "why": error.why, "fix": error.fix}
    assert checkpoints(folder) == {"step_1"}
    weights = load_file(folder / "checkpoints/first_stage/step_1/weights.safetensors")
    assert all(torch.isfinite(weight).all() for weight in weights.values())


def test_a_run_folder_of_another_configuration_is_refused(train: Train, tmp_path: Path) -> None:
    folder = train(phases="first_stage", first_stage__steps="1")
    before = (folder / "config.toml").read_bytes()
    with pytest.raises(InputError) as refused:
        train(phases="first_stage", first_stage__steps="2")
    assert "another configuration" in refused.value.what
    assert str(Path("runs/tiny")) in refused.value.fix
    assert (folder / "config.toml").read_bytes() == before


def test_overrides_of_a_run_that_began_are_refused(train: Train) -> None:
    train(phases="first_stage", first_stage__steps="1")
    with pytest.raises(InputError, match="frozen"):
        train("runs/tiny", seed="4")


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is no run folder\..* no config\.toml in it"):
        worker.main(tmp_path)


def test_the_second_stage_can_be_trained_on_the_models_of_another_run(train: Train, finished_run: Path) -> None:
    folder = train(name="second", phases="second_stage", initial=str(finished_run / "models"), second_stage__steps="1")
    assert status(folder)["state"] == "finished"
    assert load_model(folder / "models").denoiser.space.name == "tiny"


def test_networks_that_cannot_be_built_are_told_in_the_status(train: Train, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"networks of first_stage.*colour"):
        train(first_stage__ddconfig__colour="3")
    assert status(tmp_path / "runs" / "tiny")["state"] == "failed"


def test_networks_that_do_not_fit_into_memory_are_told_as_lack_of_memory(train: Train) -> None:
    with pytest.raises(DeviceMemoryError, match="Memory was not enough while building the networks"):
        train(first_stage__ddconfig__ch=str(2**20))  # a weight of 36 TB
    error = json.loads(Path("runs/tiny/status.json").read_bytes())["error"]
    assert error["fix"].startswith("Close other programs and resume")
