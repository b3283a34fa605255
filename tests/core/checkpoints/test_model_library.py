"""Shipped models and a person's own, by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.checkpoints import model_library
from core.checkpoints.model_library import find, folders, installed, user_models
from core.errors import InputError


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped models "one" and "two", and a person's own "two" and "three"."""
    monkeypatch.setattr(model_library, "SHIPPED", tmp_path / "shipped")
    monkeypatch.setenv("LATENT_LOOM_HOME", str(tmp_path / "home"))
    for name in ("shipped/one", "shipped/two", "home/models/two", "home/models/three", "home/models/.three.part"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "model.json").write_text("{}")


def test_both_places_are_listed_and_a_shipped_name_means_the_shipped_model(tmp_path: Path) -> None:
    assert installed() == ("one", "three", "two")
    assert find("three") == tmp_path / "home" / "models" / "three"
    assert find("two") == tmp_path / "shipped" / "two" == folders()["two"]


@pytest.mark.parametrize("name", ["", "huge", ".", "..", "../shipped/one"])
def test_an_unknown_model_names_those_that_are_there(name: str) -> None:
    with pytest.raises(InputError, match=r"installed models are: one, three, two") as caught:
        find(name)
    assert caught.value.port == "model"


def test_the_place_of_own_models_is_in_the_home_folder_unless_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LATENT_LOOM_HOME")
    assert user_models() == Path.home() / ".latent-loom" / "models"


def test_without_any_folder_of_own_models_the_shipped_ones_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENT_LOOM_HOME", "/nowhere")
    assert installed() == ("one", "two")
