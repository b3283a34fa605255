"""Models from runs, in a workflow."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from core.checkpoints import model_library
from core.errors import InputError
from core.graph.node_spec import RunContext
from nodes import train
from training.following import Finished

CONFIG = 'name = "small"\nphases = [{phases}]\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration of all phases."""
    path = tmp_path / "small.toml"
    path.write_text(CONFIG.format(phases='"first_stage", "decoder", "second_stage"'), encoding="utf-8")
    return path


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[dict[str, str]]:
    """Runs are finished already: their models are the installed one called "one"; gives what was asked for."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "models").symlink_to(model_library.SHIPPED / "one")
    found: list[dict[str, str]] = []

    def trained(config: object, file: Path, overrides: dict[str, str], *rest: object) -> Finished:
        found.append(overrides)
        return Finished(tmp_path / "run", reused=True)

    monkeypatch.setattr(train, "trained", trained)
    return found


def test_the_autoencoder_of_a_run_is_given_on_with_its_folder(config: Path, asked: list[dict[str, str]]) -> None:
    run = RunContext()
    autoencoder = train.train_autoencoder(configuration=config, run=run)
    assert asked == [{"phases": "first_stage, decoder"}]
    assert autoencoder.encode(torch.zeros(1, 3, 32, 32)).shape[1] == autoencoder.space.channels
    assert run.notes == ["Found in the run run."]
    train.train_diffusion(autoencoder, configuration=config, name="mine", run=run)
    assert asked[1] == {"phases": "second_stage", "initial": str(autoencoder.folder.resolve()), "name": "mine"}


def test_without_an_autoencoder_all_phases_are_trained(config: Path, asked: list[dict[str, str]]) -> None:
    parts = train.train_diffusion(configuration=config, run=RunContext())
    assert asked == [{}]
    assert parts.denoiser.space == parts.autoencoder.space


def test_a_configuration_without_the_phase_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "small.toml"
    file.write_text(CONFIG.format(phases='"second_stage"'), encoding="utf-8")
    with pytest.raises(InputError, match="trains no autoencoder") as refused:
        train.train_autoencoder(configuration=file, run=RunContext())
    assert refused.value.port == "configuration"
    file.write_text(CONFIG.format(phases='"first_stage"'), encoding="utf-8")
    with pytest.raises(InputError, match="trains no diffusion model"):
        train.train_diffusion(configuration=file, run=RunContext())
