"""A checkpoint as a model."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from core.checkpoints.model_folder import load_model
from core.errors import InputError, LoomError
from training.data.watch import Watch
from training.export import export_checkpoint


def test_the_last_checkpoint_of_a_finished_run_is_its_model(finished_run: Path, tmp_path: Path) -> None:
    phase, _ = export_checkpoint(finished_run, tmp_path / "out", Watch())
    assert phase == "second_stage"
    files = {file.name for file in (finished_run / "models").iterdir()}
    assert {file.name for file in (tmp_path / "out").iterdir()} == files
    for name in (name for name in files if name.endswith(".safetensors")):
        mine, its = load_file(tmp_path / "out" / name), load_file(finished_run / "models" / name)
        assert mine.keys() == its.keys()
        assert all(torch.equal(mine[key], its[key]) for key in mine)


def test_a_run_that_goes_on_gives_a_model_and_stays_as_it_is(finished_run: Path, tmp_path: Path) -> None:
    run = tmp_path / "runs" / "half"
    shutil.copytree(finished_run, run)
    shutil.copytree(finished_run.parent / ".cache", tmp_path / "runs" / ".cache")
    (run / "finished.json").write_text('["first_stage", "decoder"]')
    for part in ("denoiser", "text_encoder"):
        (run / "models" / f"{part}.safetensors").unlink()
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    export_checkpoint(run, tmp_path / "out", Watch())
    assert load_model(tmp_path / "out").denoiser.module.state_dict()
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_a_step_without_a_checkpoint_is_told_with_those_there_are(finished_run: Path, tmp_path: Path) -> None:
    step = max(int(path.name[5:]) for path in (finished_run / "checkpoints" / "second_stage").glob("step_*"))
    assert export_checkpoint(finished_run, tmp_path / "named", Watch(), step)[1] == step
    with pytest.raises(InputError, match="no checkpoint of step 99") as refused:
        export_checkpoint(finished_run, tmp_path / "out", Watch(), 99)
    assert f"{step:,}" in refused.value.why
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".*"))


def test_nothing_is_overwritten_and_no_run_is_told(finished_run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="exists already"):
        export_checkpoint(finished_run, tmp_path, Watch())
    with pytest.raises(InputError, match="has no checkpoint"):
        export_checkpoint(tmp_path, tmp_path / "out", Watch())


def test_a_torn_checkpoint_gives_no_model(finished_run: Path, tmp_path: Path) -> None:
    run = tmp_path / "runs" / "torn"
    shutil.copytree(finished_run, run)
    shutil.copytree(finished_run.parent / ".cache", tmp_path / "runs" / ".cache")
    for file in run.glob("checkpoints/second_stage/*/ema.safetensors"):
        file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(LoomError, match="is whole"):
        export_checkpoint(run, tmp_path / "out", Watch())
