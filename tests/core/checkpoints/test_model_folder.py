"""Model folders: written, read again, and damaged."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models

from core.checkpoints.conditioner_description import describe
from core.checkpoints.model_folder import load_autoencoder, load_model, save_autoencoder, save_diffusion
from core.conditioning.build import build_conditioner
from core.conditioning.class_label import ClassEmbedder
from core.conditioning.text import TextEncoder
from core.conditioning.unconditional import Unconditional
from core.diffusion.latent_diffusion import Autoencoder
from core.diffusion.parameterization import Parameterization
from core.errors import ModelFileError
from core.models.vq_model import VQModel
from tests.core.checkpoints.own_model import FIRST, SCHEDULE, SPACE, UNET, WORDS, write_model


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder as training leaves it."""
    return write_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A copy of it that may be damaged."""
    return Path(shutil.copytree(whole, tmp_path / "tiny"))


def test_a_model_comes_back_as_it_was_saved(folder: Path, whole: Path) -> None:
    model, again = load_model(folder), load_model(whole)
    assert model.autoencoder.space == model.denoiser.space == SPACE
    assert (model.denoiser.schedule, model.denoiser.parameterization) == (SCHEDULE, Parameterization.X0)
    assert isinstance(model.conditioner, TextEncoder)
    assert model.conditioner.token_ids(["fox"])[0].tolist() == [3, 2, 4, 0, 0]
    for module, other in (
        (model.autoencoder.module, again.autoencoder.module),
        (model.denoiser.module, again.denoiser.module),
        (model.conditioner, again.conditioner),
    ):
        assert not module.training
        assert all(torch.equal(value, other.state_dict()[name]) for name, value in module.state_dict().items())


def test_half_precision_files_are_half_as_large(whole: Path, tmp_path: Path) -> None:
    autoencoder = load_autoencoder(whole)
    save_autoencoder(tmp_path / "half", autoencoder, FIRST, torch.float16)
    full, half = (path / "autoencoder.safetensors" for path in (whole, tmp_path / "half"))
    assert half.stat().st_size < 0.65 * full.stat().st_size
    again = load_autoencoder(tmp_path / "half").module.state_dict()
    for name, value in autoencoder.module.state_dict().items():
        torch.testing.assert_close(again[name], value.half().float(), atol=0, rtol=0)


def test_a_vq_first_stage_comes_back_with_its_used_entries(tmp_path: Path) -> None:
    arguments = FIRST | {"ddconfig": FIRST["ddconfig"] | {"double_z": False}, "n_embed": 6, "remap": [0, 5]}
    module = VQModel(**arguments)
    save_autoencoder(tmp_path, Autoencoder(module, SPACE), arguments, torch.float16)
    again = load_autoencoder(tmp_path).module
    assert isinstance(again, VQModel)
    assert again.quantize.used.tolist() == [0, 5]
    torch.testing.assert_close(again.quantize.embedding.weight, module.quantize.embedding.weight, atol=1e-3, rtol=0)


def test_a_first_stage_alone_can_be_loaded(folder: Path) -> None:
    for file in ("denoiser.safetensors", "text_encoder.safetensors", "tokenizer.json"):
        (folder / file).unlink()
    assert load_autoencoder(folder).space == SPACE


def described(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], object]:
    def damage(folder: Path) -> None:
        file = folder / "model.json"
        description = json.loads(file.read_text("utf-8"))
        change(description)
        file.write_text(json.dumps(description), "utf-8")

    return damage


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "no description": (lambda folder: (folder / "model.json").unlink(), "cannot be read"),
    "description is no JSON": (lambda folder: (folder / "model.json").write_text("{", "utf-8"), "cannot be read"),
    "description is a list": (lambda folder: (folder / "model.json").write_text("[]", "utf-8"), "of a kind"),
    "newer version": (described(lambda about: about.update(version=99)), "of a kind"),
    "no denoiser": (described(lambda about: about.pop("denoiser")), "has no denoiser"),
    "unknown argument": (described(lambda about: about["denoiser"]["arguments"].update(wings=2)), "the denoiser"),
    "argument of no size": (
        described(lambda about: about["denoiser"]["arguments"].update(model_channels=-32)),
        "the denoiser",
    ),
    "levels are a word": (
        described(lambda about: about["autoencoder"]["arguments"]["ddconfig"].update(ch_mult="ab")),
        "the autoencoder",
    ),
    "no levels": (
        described(lambda about: about["autoencoder"]["arguments"]["ddconfig"].update(ch_mult=[])),
        "the autoencoder",
    ),
    "no latent space": (described(lambda about: about["autoencoder"].pop("space")), "the autoencoder"),
    "wrong width": (
        described(lambda about: about["text_encoder"]["arguments"].update(n_embed=24)),
        "does not fit this model",
    ),
    "tokenizer is no JSON": (lambda folder: (folder / "tokenizer.json").write_text("{", "utf-8"), "The tokenizer"),
    "tokenizer of no kind": (lambda folder: (folder / "tokenizer.json").write_text("{}", "utf-8"), "The tokenizer"),
    "no tokenizer": (lambda folder: (folder / "tokenizer.json").unlink(), "The tokenizer"),
    "no weights": (lambda folder: (folder / "denoiser.safetensors").unlink(), "cannot be read"),
    "truncated weights": (
        lambda folder: (folder / "denoiser.safetensors").write_bytes(
            (folder / "denoiser.safetensors").read_bytes()[:-5]
        ),
        "damaged or truncated",
    ),
}


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_folder_says_what_is_wrong(folder: Path, kind: str) -> None:
    damage, what = DAMAGES[kind]
    damage(folder)
    with pytest.raises(ModelFileError) as caught:
        load_model(folder)
    assert what in caught.value.what
    assert caught.value.why
    assert caught.value.fix


TRANSFORMER = {"n_embed": 16, "n_layer": 1, "vocab_size": 64, "max_seq_len": 12}
CLIP = {
    "vocab_size": 99, "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1,
    "max_position_embeddings": 8,
}  # fmt: skip
CONDITIONERS: dict[str, dict[str, Any]] = {
    "none": {},
    "class": {"embed_dim": 16, "n_classes": 5, "names": ["fox", "frog"]},
    "text": {**TRANSFORMER, "vocab_size": 5, "pooled": False, "map": {"channels": 3, "size": [4, 2]}},
    "layout": {
        "transformer": TRANSFORMER,
        "format": {"no_object_classes": 3, "no_max_objects": 2, "no_tokens": 64},
        "classes": ["fox", "frog", "pig"],
    },
    "semantic_map": {"n_stages": 1, "in_channels": 3, "out_channels": 2, "names": ["sky", "sand", "fox"]},
    "low_resolution": {"cell": 2},
    "noisy_low_resolution": {"noise_schedule_config": {"beta_schedule": "cosine"}, "max_noise_level": 100},
    "inpainting": {"convention": "stable diffusion"},
    "clip": {"transformer": CLIP, "layer": "penultimate", "pad": 0},
    "sdxl": {"first": CLIP, "second": CLIP | {"projection_dim": 6}},
    "mixed": {
        "text": {"kind": "text", "arguments": {**TRANSFORMER, "vocab_size": 5, "pooled": False}},
        "inpainting": {"kind": "inpainting", "arguments": {"convention": "latent diffusion"}},
        "layout": {
            "kind": "layout",
            "arguments": {
                "transformer": TRANSFORMER,
                "format": {"no_object_classes": 3, "no_max_objects": 2, "no_tokens": 64, "encode_crop": False},
                "classes": [],
                "map_size": [8, 8],
            },
        },
    },
}


@pytest.mark.parametrize("kind", CONDITIONERS)
def test_a_conditioner_of_any_kind_comes_back_as_it_was_saved(folder: Path, kind: str) -> None:
    before = load_model(folder)
    tokenizer = Tokenizer(models.WordLevel(WORDS, unk_token="[UNK]"))
    made = build_conditioner(kind, CONDITIONERS[kind], tokenizer=tokenizer, first_stage=before.autoencoder.encode)
    save_diffusion(folder, before.denoiser, made, UNET)
    again = load_model(folder).conditioner
    assert describe(again) == describe(made)
    assert describe(again).kind == kind
    assert not again.training
    for name, value in made.state_dict().items():
        assert torch.equal(value, again.state_dict()[name])


def test_the_conditioner_of_another_denoiser_leaves_nothing_behind(folder: Path) -> None:
    model = load_model(folder)
    for conditioner, files in (
        (Unconditional(), set[str]()),
        (ClassEmbedder(16, 3), {"conditioner.safetensors"}),
        (model.conditioner, {"text_encoder.safetensors", "tokenizer.json"}),
    ):
        save_diffusion(folder, model.denoiser, conditioner, UNET)
        found = {file.name for file in folder.iterdir()}
        assert found - {"model.json", "autoencoder.safetensors", "denoiser.safetensors"} == files
        assert type(load_model(folder).conditioner) is type(conditioner)


@pytest.mark.parametrize("change", [{"kind": "wings"}, {"arguments": {"n_classes": 3}}, {"arguments": 3}])
def test_a_conditioner_that_cannot_be_built_is_told(folder: Path, change: dict[str, Any]) -> None:
    save_diffusion(folder, load_model(folder).denoiser, ClassEmbedder(16, 3), UNET)
    described(lambda about: about["conditioner"].update(change))(folder)
    with pytest.raises(ModelFileError, match="conditioner in tiny cannot be used"):
        load_model(folder)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("model_channels", 2**20, "does not fit this model"), ("num_res_blocks", 10**9, "more than 8000 weights")],
)
def test_a_description_of_a_huge_network_is_told_without_the_memory_for_it(
    folder: Path, name: str, value: int, said: str
) -> None:
    about = json.loads((folder / "model.json").read_text("utf-8"))
    about["denoiser"]["arguments"][name] = value
    (folder / "model.json").write_text(json.dumps(about), "utf-8")
    with pytest.raises(ModelFileError, match=said):
        load_model(folder)


def test_a_tokenizer_without_a_start_is_told(folder: Path) -> None:
    Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]")).save(str(folder / "tokenizer.json"))
    with pytest.raises(ModelFileError, match=r"it has no \[CLS\]"):
        load_model(folder)
