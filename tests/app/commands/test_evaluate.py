"""Measuring from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.commands.evaluate import config_of, main
from core.errors import InputError


def test_the_configuration_is_the_runs_or_the_shipped_one_of_the_models_name(tmp_path: Path) -> None:
    models = tmp_path / "run" / "models"
    models.mkdir(parents=True)
    with pytest.raises(InputError, match="not known what") as caught:
        config_of(models, models)
    assert "resources/training/models.toml" in caught.value.why
    (tmp_path / "run" / "config.toml").write_text("")
    assert config_of(tmp_path / "run", models) == config_of(models, models) == tmp_path / "run" / "config.toml"
    assert config_of(Path("stickers-64"), Path("resources/models/stickers-64")).name == "stickers-64.toml"


def test_an_unknown_key_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        main(["stickers-64", "--set", "picures=3"])
    assert "pictures" in f"{caught.value.why}{caught.value.fix}"


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no model and no run"):
        main([str(tmp_path)])
