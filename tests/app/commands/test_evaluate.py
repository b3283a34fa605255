"""Measuring from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.commands.evaluate import file_of, main, picture_side, scenes_for
from core.checkpoints.model_folder import save_autoencoder
from core.diffusion.latent_diffusion import Autoencoder
from core.errors import InputError
from core.models.autoencoder_kl import AutoencoderKL
from tests.core.checkpoints.own_model import FIRST, SPACE


def test_the_configuration_is_the_runs_or_the_shipped_one_of_the_models_name(tmp_path: Path) -> None:
    models = tmp_path / "run" / "models"
    models.mkdir(parents=True)
    assert file_of(models, models) is None
    (tmp_path / "run" / "config.toml").write_text("")
    assert file_of(tmp_path / "run", models) == file_of(models, models) == tmp_path / "run" / "config.toml"
    shipped = file_of(Path("stickers-24"), Path("resources/models/stickers-24"))
    assert shipped is not None
    assert shipped.name == "stickers-24.toml"


def test_a_model_of_unknown_origin_is_measured_on_scenes_of_its_size_and_this_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    # Made for 8 pixels, and scenes have 16 at least.
    save_autoencoder(tmp_path / "mine", Autoencoder(AutoencoderKL(**FIRST), SPACE), FIRST)
    small = ["--set", "count=4", "--set", "pictures=0", "--set", "perceptual=none"]
    assert main([str(tmp_path / "mine"), "--json", *small]) == 0
    printed = capsys.readouterr()
    report = json.loads(printed.out)
    assert report["settings"]["data"] == "scenes"
    assert report["figures"]["reconstruction/psnr"]["n"] == 4
    assert "not known what" in printed.err
    assert "shipped scenes, 16 pixels wide" in printed.err
    assert "--config CONFIG.toml" in printed.err


@pytest.mark.parametrize(
    ("description", "side"),
    [
        ({"autoencoder": {"arguments": {"ddconfig": {"resolution": 24}}}}, 24),
        ({"autoencoder": {"space": {"factor": 8}}, "denoiser": {"arguments": {"image_size": 8}}}, 64),
        ({"autoencoder": {"arguments": {}}}, 64),
    ],
)
def test_the_pictures_side_is_the_models(description: dict[str, Any], side: int) -> None:
    assert picture_side(description) == side


def test_scenes_show_the_classes_that_the_model_knows() -> None:
    part = {"kind": "class", "arguments": {"names": ["fox", "frog", "unicorn"]}}
    first = {"autoencoder": {"arguments": {"ddconfig": {"resolution": 4096}}}}
    mixed = {"kind": "mixed", "arguments": {"class": part, "text": {"arguments": {"n_embed": 8}}}}
    assert scenes_for(first | {"conditioner": mixed}) == {"size": 1024, "classes": ["fox", "frog"]}
    assert scenes_for(first) == {"size": 1024}


def test_an_unknown_key_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        main(["stickers-24", "--set", "picures=3"])
    assert "pictures" in f"{caught.value.why}{caught.value.fix}"


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no model and no run"):
        main([str(tmp_path)])
