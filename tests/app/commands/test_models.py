"""Listing models from the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from app.commands.command_line import guarded
from app.commands.models import as_text, main
from core.checkpoints import model_folder, model_library
from core.checkpoints.safetensors_file import read_header
from tests.core.checkpoints import files
from tests.core.checkpoints.own_model import write_model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model folder's outside: a description and a file of weights."""
    path = tmp_path / "small"
    path.mkdir()
    description = {"format": model_folder.FORMAT, "version": model_folder.VERSION, "autoencoder": {"arguments": {}}}
    (path / "model.json").write_text(json.dumps(description), encoding="utf-8")
    (path / "autoencoder.safetensors").write_bytes(b"\0" * 1_500_000)
    return path


@pytest.mark.parametrize("named", [".", "model.json"])
def test_a_folder_or_its_description_tells_parts_and_sizes(
    folder: Path, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(folder / named)]) == 0
    printed = capsys.readouterr().out
    assert "parts: autoencoder" in printed
    assert "autoencoder.safetensors: 1.5 MB" in printed


def test_the_installed_models_are_listed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json"]) == 0
    names = [model["name"] for model in json.loads(capsys.readouterr().out)["models"]]
    assert names == list(model_library.folders())


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of own models."""
    monkeypatch.setenv("LATENT_LOOM_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "models"


def test_a_damaged_model_is_named_and_the_others_are_listed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "broken").mkdir(parents=True)
    (home / "broken" / "model.json").write_text("{", encoding="utf-8")
    assert main([]) == 0
    printed = capsys.readouterr().out
    assert "The model folder broken cannot be read." in printed
    assert [line for line in printed.splitlines() if line.startswith("stickers-24 ")]
    assert main(["--json"]) == 0
    models = {model["name"]: model for model in json.loads(capsys.readouterr().out)["models"]}
    assert models["broken"]["damage"]["why"]
    assert "damage" not in models["stickers-24"]
    assert guarded(main, [str(home / "broken")]) == 1


def test_a_model_is_installed_once_and_again_only_on_request(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained = str(write_model(tmp_path / "models"))
    assert main([trained, "--install", "fox"]) == 0
    assert str(home / "fox") in capsys.readouterr().out
    assert guarded(main, [trained, "--install", "fox"]) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 3
    assert main([trained, "--install", "fox", "--replace"]) == 0
    assert main([trained, "--install", "fox", "--to", str(tmp_path / "elsewhere")]) == 0
    assert (tmp_path / "elsewhere" / "fox" / "model.json").exists()


def test_a_model_that_shares_an_autoencoder_says_so(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained = str(write_model(tmp_path / "models"))
    assert main([trained, "--install", "fox"]) == 0
    assert main([trained, "--install", "painter", "--autoencoder-of", "fox"]) == 0
    assert "autoencoder: that of fox" in capsys.readouterr().out
    shutil.rmtree(home / "fox")
    assert guarded(main, [str(home / "painter")]) == 1
    assert "Install fox as well" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_to_is_told_in_three_parts(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home.parent.write_text("a file where a folder should be")
    assert guarded(main, [str(write_model(tmp_path / "models")), "--install", "fox"]) == 1
    assert "--to DIR" in capsys.readouterr().err


@pytest.mark.parametrize(
    "more", [["--replace"], ["--to", "elsewhere"], ["--autoencoder-of", "fox"], ["--install", "fox"]]
)
def test_what_belongs_to_installing_needs_the_rest(more: list[str]) -> None:
    with pytest.raises(SystemExit):
        main(more)


def test_no_models_are_said_so() -> None:
    assert as_text([]) == "No model is installed."


@pytest.mark.parametrize("content", [None, "{", '{"format": "other"}'])
def test_a_folder_without_a_usable_description_is_told_in_three_parts(
    tmp_path: Path, content: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / "model.json").write_text(content, encoding="utf-8")
    assert guarded(main, [str(tmp_path)]) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 3


def test_a_missing_folder_is_told_in_three_parts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(main, [str(tmp_path / "none")]) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 3


def test_a_single_file_becomes_a_folder_and_a_file_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files.write_small(tmp_path / "one.safetensors")
    assert main([str(tmp_path / "one.safetensors"), "--convert", str(tmp_path / "folder")]) == 0
    assert "diffusers folder" in capsys.readouterr().out
    assert main([str(tmp_path / "folder"), "--convert", str(tmp_path / "again.safetensors")]) == 0
    assert read_header(tmp_path / "again.safetensors") == read_header(tmp_path / "one.safetensors")


@pytest.mark.parametrize(("target", "said"), [("folder", "of that name"), ("file", "ends in .safetensors")])
def test_conversion_overwrites_nothing_and_wants_a_file_for_a_folder(
    tmp_path: Path, target: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder").mkdir()
    assert guarded(main, [str(tmp_path / "folder"), "--convert", str(tmp_path / target)]) == 1
    assert said in capsys.readouterr().err


def test_conversion_needs_a_path() -> None:
    with pytest.raises(SystemExit):
        main(["--convert", "folder"])
