"""Every command is obeyed whatever the run is doing: nothing that takes long goes by without looking for one.

A command is put into the run folder, as the window does, at the moment at which some work begins.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from tests.core.checkpoints import files
from training import checkpointing, control, first_stage, second_stage, worker
from training.data import latent_cache, scene_source
from training.run_folder import read_lines
from training.watching import commands

Train = Callable[..., Path]
Weights = dict[str, Tensor]
RUN, LORA = Path("runs/tiny"), Path("models/lora.safetensors")

# What begins each work, in the order in which a run comes to it.
MOMENTS: dict[str, tuple[Any, str]] = {
    "rendering scenes": (scene_source, "fill"),
    "loading": (worker, "load_base"),
    "caching latents": (latent_cache, "fill"),
    "building": (worker, "further_setup"),
    "restoring": (checkpointing, "restore_snapshot"),
    "stepping": (second_stage.SecondStage, "loss"),
    "sampling": (second_stage.SecondStage, "sample_grid"),
    "measuring": (second_stage.SecondStage, "held_out_loss"),
    "saving": (checkpointing, "save_snapshot"),
    "evaluating": (second_stage.SecondStage, "evaluate"),
    "finishing": (first_stage, "encode_first"),
}
WORKS = [moment for moment in MOMENTS if moment != "finishing"]  # of a second stage
STEP_AFTER = {"stepping": 1, **dict.fromkeys(("sampling", "measuring", "saving", "evaluating"), 2)}  # else 0
AT_ONCE = {"building", "restoring", "stepping"}  # they have no parts, and take about as long as a step


@dataclass
class Watched:
    """What was seen of a run.

    Attributes:
        done: The works that came to their end after the command was there.
        paused: What the status said in each pause.
        saved: The checkpoints that were there when the command came.
    """

    done: list[str] = field(default_factory=list)
    paused: list[dict[str, Any]] = field(default_factory=list)
    saved: set[str] | None = None


def ask_when(patch: pytest.MonkeyPatch, moment: str, *asked: str) -> Watched:
    """Put commands into the run folder just before some work begins for the first time."""
    seen = Watched()

    def watch(work: str) -> None:
        owner, name = MOMENTS[work]
        begin = getattr(owner, name)

        def begun(*args: Any, **kwargs: Any) -> Any:
            if work == moment and seen.saved is None:
                seen.saved = saved()
                for command in asked:
                    commands.send(RUN, command)
            made = begin(*args, **kwargs)
            if seen.saved is not None:
                seen.done.append(work)
            return made

        patch.setattr(owner, name, begun)

    for work in MOMENTS:
        watch(work)
    return seen


def resume_at_once(patch: pytest.MonkeyPatch, seen: Watched) -> None:
    """Let somebody resume the run as soon as it waits in a pause."""

    def wait(_: float) -> None:
        seen.paused.append(status())
        commands.send(RUN, "resume")

    patch.setattr(control, "time", SimpleNamespace(monotonic=time.monotonic, sleep=wait))


def status() -> dict[str, Any]:
    record: dict[str, Any] = json.loads((RUN / "status.json").read_bytes())
    return record


def saved() -> set[str]:
    return {path.name for path in RUN.glob("checkpoints/*/step_*")}


def steps() -> list[int]:
    return [line["step"] for line in read_lines(RUN / "metrics.jsonl") if "loss" in line]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small file of Stable Diffusion's kind, which takes its time to load."""
    path = tmp_path_factory.mktemp("base") / "small.safetensors"
    files.write_small(path)
    return path


def adapt_settings(base: Path) -> dict[str, str]:
    """Train a LoRA for three steps, with all that a run does beside training after the second."""
    return {
        "phases": "second_stage", "second_stage.base": str(base), "second_stage.lora": "{rank = 2}",
        "second_stage.steps": "3", "second_stage.batch_size": "2", "sample_every": "2", "checkpoint_every": "2",
        "evaluation.every": "2", "evaluation.count": "4", "data.count": "4", "device": "cpu",
    }  # fmt: skip


@pytest.fixture(scope="module")
def undisturbed(base: Path, finished_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Weights:
    """The LoRA that nobody disturbed the training of."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("undisturbed"))
        assert worker.main(finished_run.parents[1] / "tiny.toml", adapt_settings(base)) == 0
        learned: Weights = load_file(RUN / LORA)
        return learned


@pytest.fixture
def adapt(config_file: Path, base: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Train a LoRA in a place where nothing is prepared yet."""
    monkeypatch.chdir(config_file.parent)
    monkeypatch.setattr(second_stage, "SHOWN", 2)
    return lambda: worker.main(config_file, adapt_settings(base))


@pytest.mark.parametrize("command", ["stop", "abort", pytest.param("pause_to_disk", marks=pytest.mark.slow)])
@pytest.mark.parametrize("moment", WORKS)
def test_a_command_to_end_breaks_off_what_the_run_is_doing(
    adapt: Callable[[], int], monkeypatch: pytest.MonkeyPatch, moment: str, command: str
) -> None:
    seen = ask_when(monkeypatch, moment, command)
    adapt()
    assert (status()["state"], status()["asked"]) == ("stopped", command)
    assert set(seen.done) <= AT_ONCE & {moment} | ({"saving"} if command != "abort" else set())
    if command == "abort":
        assert saved() == seen.saved
    elif steps():
        assert f"step_{steps()[-1]}" in saved()


@pytest.mark.parametrize("moment", WORKS)
def test_a_run_waits_wherever_it_is_and_then_does_what_was_asked_for_meanwhile(
    adapt: Callable[[], int], undisturbed: Weights, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    seen = ask_when(monkeypatch, moment, "sample", "checkpoint", "pause")
    resume_at_once(monkeypatch, seen)
    adapt()
    assert [found["state"] for found in seen.paused] == ["paused"]
    assert (status()["state"], steps()) == ("finished", [1, 2, 3])
    made = [(line["what"], line["step"]) for line in read_lines(RUN / "events.jsonl") if line["event"] == "saved"]
    at = STEP_AFTER.get(moment, 0)
    assert {("samples", at), ("checkpoint", at)} <= set(made)
    learned = load_file(RUN / LORA)
    assert all(torch.equal(learned[name], weight) for name, weight in undisturbed.items())


def test_a_stop_breaks_off_the_making_of_the_finished_model_which_a_resume_makes(
    train: Train, finished_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        seen = ask_when(patch, "finishing", "stop")
        folder = train(phases="first_stage")
    assert seen.done == []
    assert (status()["state"], status()["step"]) == ("stopped", 4)
    assert not (folder / "models/autoencoder.safetensors").exists()
    train("runs/tiny")
    assert status()["state"] == "finished"


def test_a_run_that_is_asked_for_more_while_it_saves_its_last_step_goes_on(
    train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = first_stage.FirstStage.held_out_loss

    def asked(phase: first_stage.FirstStage, poll: Callable[[], None]) -> float:
        if phase.steps == 2:
            commands.send(RUN, "extend", phase="first_stage", steps=3)
        return begin(phase, poll)

    monkeypatch.setattr(first_stage.FirstStage, "held_out_loss", asked)
    train(phases="first_stage", first_stage__steps="2", checkpoint_every="9")
    assert (status()["state"], steps()) == ("finished", [1, 2, 3])
