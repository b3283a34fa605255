"""Installing trained models: nothing is replaced without a word, and nothing that is not whole gets in."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from core.checkpoints import model_library
from core.checkpoints.install import install
from core.checkpoints.loading import load_first_stage
from core.checkpoints.model_folder import files_of, load_model
from core.errors import InputError, ModelFileError
from tests.core.checkpoints.own_model import write_model


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's model."""
    return write_model(tmp_path_factory.mktemp("run") / "models")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of own models, beside a shipped model "ships"."""
    monkeypatch.setattr(model_library, "SHIPPED", tmp_path / "shipped")
    monkeypatch.setenv("LATENT_LOOM_HOME", str(tmp_path / "home"))
    (tmp_path / "shipped" / "ships").mkdir(parents=True)
    (tmp_path / "shipped" / "ships" / "model.json").write_text("{}")
    return tmp_path / "home" / "models"


def test_a_model_becomes_ones_own_in_half_precision(trained: Path, home: Path) -> None:
    folder = install(trained, "my fox 1.5")
    assert folder == home / "my fox 1.5" == model_library.find("my fox 1.5")
    assert load_file(folder / "denoiser.safetensors")["out.2.weight"].dtype == torch.float16
    wanted = load_model(trained).autoencoder.module.state_dict()
    for name, tensor in load_model(folder).autoencoder.module.state_dict().items():
        torch.testing.assert_close(tensor, wanted[name], rtol=1e-3, atol=1e-6)


def test_a_taken_name_is_refused_and_the_old_model_stays(trained: Path, home: Path) -> None:
    (home / "fox").mkdir(parents=True)
    (home / "fox" / "model.json").write_text("old")
    with pytest.raises(InputError, match="is a model called fox already") as caught:
        install(trained, "fox")
    assert "fox-2" in caught.value.fix
    assert (home / "fox" / "model.json").read_text() == "old"


def test_replacing_keeps_what_people_wrote_beside_a_model(trained: Path, home: Path) -> None:
    install(trained, "fox")
    (home / "fox" / "card.md").write_text("A fox.")
    (home / "fox" / "denoiser.safetensors").write_bytes(b"damaged")
    install(trained, "fox", replace=True)
    load_model(home / "fox")
    assert (home / "fox" / "card.md").read_text() == "A fox."
    assert [path.name for path in home.iterdir()] == ["fox"]


@pytest.mark.parametrize("replace", [False, True])
def test_ones_own_model_cannot_take_the_name_of_a_shipped_one(trained: Path, home: Path, replace: bool) -> None:
    with pytest.raises(InputError, match="ships with the program") as caught:
        install(trained, "ships", replace=replace)
    assert "my-ships" in caught.value.fix
    assert not home.exists()


def test_a_developer_replaces_a_shipped_model_in_its_own_folder(trained: Path) -> None:
    with pytest.raises(InputError, match="already"):
        install(trained, "ships", to=model_library.SHIPPED)
    assert install(trained, "ships", to=model_library.SHIPPED, replace=True) == model_library.find("ships")
    load_model(model_library.find("ships"))


@pytest.mark.parametrize("name", ["", ".", "..", ".fox", "a/b", "a\\b", "fox.", "fox ", "a:b", "a\nb"])
def test_a_name_that_is_no_folder_name_is_refused(trained: Path, name: str) -> None:
    with pytest.raises(InputError, match="cannot be called"):
        install(trained, name)


def test_a_model_that_is_not_whole_leaves_nothing_behind(tmp_path: Path, home: Path) -> None:
    broken = write_model(tmp_path / "broken")
    (broken / "denoiser.safetensors").write_bytes(b"short")
    with pytest.raises(ModelFileError):
        install(broken, "fox")
    assert not home.exists()


def test_a_family_shares_the_autoencoder_of_one(trained: Path, home: Path) -> None:
    install(trained, "fox")
    folder = install(trained, "painter", autoencoder_of="fox")
    assert not (folder / "autoencoder.safetensors").exists()
    assert home / "fox" / "autoencoder.safetensors" in files_of(folder)
    mine, whole = load_model(folder).autoencoder, load_model(home / "fox").autoencoder
    assert mine.space == whole.space
    for name, tensor in mine.module.state_dict().items():
        assert torch.equal(tensor, whole.module.state_dict()[name])


def test_a_copy_is_left_out_once_the_autoencoder_is_shared(trained: Path) -> None:
    install(trained, "fox")
    install(trained, "painter")
    folder = install(trained, "painter", autoencoder_of="fox", replace=True)
    assert not (folder / "autoencoder.safetensors").exists()
    load_model(folder)


def test_an_autoencoder_that_is_not_there_is_not_shared(trained: Path, home: Path) -> None:
    with pytest.raises(ModelFileError, match="is missing") as refused:
        install(trained, "painter", autoencoder_of="fox")
    assert "--install fox" in refused.value.fix
    assert not home.exists()


def test_an_autoencoder_of_other_latents_is_not_shared(trained: Path, home: Path) -> None:
    other = install(trained, "fox")
    about = json.loads((other / "model.json").read_text())
    about["autoencoder"]["space"]["scale"] = 0.31
    (other / "model.json").write_text(json.dumps(about))
    with pytest.raises(ModelFileError, match="cannot serve") as refused:
        install(trained, "painter", autoencoder_of="fox")
    assert "0.31" in refused.value.why


def test_an_autoencoder_is_shared_with_the_one_that_has_it_only(trained: Path, home: Path) -> None:
    install(trained, "fox")
    install(trained, "painter", autoencoder_of="fox")
    with pytest.raises(ModelFileError, match="cannot serve") as refused:
        install(trained, "third", autoencoder_of="painter")
    assert "shares that of 'fox'" in refused.value.why


def test_a_model_does_not_take_the_place_of_the_one_whose_autoencoder_it_would_share(trained: Path) -> None:
    folder = install(trained, "fox")
    with pytest.raises(InputError, match="cannot share the autoencoder of fox"):
        install(trained, "fox", replace=True, autoencoder_of="fox")
    load_model(folder)


@pytest.mark.parametrize("named", ["nobody", 3, None, ["fox"]])
def test_a_folder_that_names_a_wrong_autoencoder_is_told(trained: Path, home: Path, named: object) -> None:
    install(trained, "fox")
    folder = install(trained, "painter", autoencoder_of="fox")
    about = json.loads((folder / "model.json").read_text())
    about["autoencoder"]["model"] = named
    (folder / "model.json").write_text(json.dumps(about))
    with pytest.raises(ModelFileError, match="autoencoder of painter is missing"):
        load_model(folder)
    assert folder / "denoiser.safetensors" in files_of(folder)


def test_an_autoencoder_by_itself_is_installed_and_not_offered_as_a_whole_model(trained: Path, home: Path) -> None:
    alone = home.parent / "first-stage"
    alone.mkdir(parents=True)
    described = json.loads((trained / "model.json").read_text("utf-8"))
    kept = {name: described[name] for name in ("format", "version", "autoencoder")}
    (alone / "model.json").write_text(json.dumps(kept), "utf-8")
    shutil.copyfile(trained / "autoencoder.safetensors", alone / "autoencoder.safetensors")
    install(alone, "codes")
    install(trained, "fox")
    assert set(model_library.folders()) == {"codes", "fox", "ships"}
    assert set(model_library.installed()) == {"fox", "ships"}
    loaded = load_first_stage(model_library.find("codes") / "autoencoder.safetensors")
    assert loaded.space == load_model(trained).autoencoder.space
