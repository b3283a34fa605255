"""A trial finds the models that a run would find."""

from __future__ import annotations

from pathlib import Path

import pytest

from training import toml_writer
from training.config import load_config, to_dict
from training.trial import measure


@pytest.mark.parametrize(
    "begun",
    [
        {"phases": '["first_stage"]', "first_stage.begins_from": "runs/tiny/models"},
        {"phases": '["second_stage"]', "initial": "runs/tiny/models", "second_stage.begins_from": "runs/tiny/models"},
        {"phases": '["second_stage"]', "second_stage.unet": "{}", "second_stage.base": "runs/tiny/models"},
    ],
    ids=lambda begun: list(begun)[-1],
)
def test_a_trial_begins_with_models_whose_folder_is_named_from_here(
    begun: dict[str, str], config_file: Path, finished_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config_file.write_text(toml_writer.dumps(to_dict(load_config(config_file, begun))), encoding="utf-8")
    monkeypatch.chdir(finished_run.parents[1])
    before = sorted(finished_run.parent.iterdir())
    found = measure(config_file)
    assert min(found["seconds_per_step"].values()) > 0
    assert sorted(finished_run.parent.iterdir()) == before, "a trial leaves no run behind"
