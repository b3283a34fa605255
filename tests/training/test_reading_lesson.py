"""A text encoder is taught from captions alone who stands where."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from core.checkpoints.model_folder import load_model
from core.conditioning.text import TextEncoder
from core.errors import InputError
from core.models.text_transformer import BERTEmbedder
from training import reading_lesson
from training.datasets.scenes import SceneConfig, make_scene
from training.reading_lesson import Reader, read_right, teach
from training.tokenizer import train_tokenizer

CONFIG = SceneConfig(
    size=16, classes=("fox", "pizza", "car"), backgrounds=("plain red", "space"), counts=((2, 1.0),), same=0.0,
    mirror=False, detail="canonical",
)  # fmt: skip
SCENES = [make_scene(seed, CONFIG) for seed in range(40)]


def encoder() -> TextEncoder:
    torch.manual_seed(0)
    tokenizer = train_tokenizer([scene.caption for scene in SCENES])
    return TextEncoder(tokenizer, BERTEmbedder(64, 1, vocab_size=tokenizer.get_vocab_size(), max_seq_len=20))


def test_answers_name_the_things_in_reading_order() -> None:
    reader = Reader(8, CONFIG.classes, CONFIG.backgrounds)
    answers = reader.answers(SCENES)
    for scene, things, background in zip(SCENES, answers.things.tolist(), answers.backgrounds.tolist(), strict=True):
        assert [CONFIG.classes[thing] for thing in things[:2]] == [box.label for box in scene.boxes]
        assert things[2] == len(CONFIG.classes)
        assert CONFIG.backgrounds[background] == scene.background


def test_an_encoder_learns_the_order_and_maps_where_things_are() -> None:
    learner = encoder()
    assert read_right(learner, teach(learner, CONFIG, (4, 4), steps=250, batch=16), SCENES) > 0.9
    with torch.no_grad():
        told = learner.encode(["a fox left of a car on a red background"]).concat
    assert told is not None
    shares = told[0].sum(dim=1)
    left = shares[:, :2].sum(1) / shares.sum(1)
    assert left[0] > left[2], "the fox is told to be further left than the car"


def test_a_map_of_other_things_or_another_size_gives_way_to_one_that_fits() -> None:
    learner = encoder()
    teach(learner, CONFIG, (4, 4), steps=1, batch=2)
    first = learner.map
    teach(learner, CONFIG, (4, 4), steps=1, batch=2)
    assert learner.map is first
    teach(learner, CONFIG, (2, 4), steps=1, batch=2)
    assert learner.map is not None
    assert (learner.map.channels, learner.map.size) == (3, (2, 4))


def test_the_same_lesson_teaches_the_same() -> None:
    first, second = encoder(), encoder()
    for learner in (first, second):
        teach(learner, CONFIG, (4, 4), steps=3, batch=4)
    states = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    assert all(torch.equal(a, b) for a, b in states)


def test_a_folder_that_is_there_is_not_written_to(tmp_path: Path) -> None:
    root = Path(reading_lesson.__file__).parents[1] / "resources"
    with pytest.raises(InputError, match="cannot be written"):
        reading_lesson.main(root / "training" / "stickers-24-pairs.toml", root / "models" / "stickers-24", tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_model_is_copied_with_the_encoder_that_was_taught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def brief(learner: TextEncoder, scenes: SceneConfig, size: tuple[int, int]) -> Reader:
        return teach(learner, scenes, size, steps=1, batch=2)

    monkeypatch.setattr(reading_lesson, "teach", brief)
    root = Path(reading_lesson.__file__).parents[1] / "resources"
    model, out = root / "models" / "stickers-24", tmp_path / "taught"
    reading_lesson.main(root / "training" / "stickers-24-pairs.toml", model, out)
    assert (out / "denoiser.safetensors").read_bytes() == (model / "denoiser.safetensors").read_bytes()
    before, after = (load_model(folder).conditioner for folder in (model, out))
    assert isinstance(after, TextEncoder)
    assert after.map is not None
    assert after.map.size == (8, 8)
    old, new = before.state_dict(), after.state_dict()
    assert not all(torch.equal(value, new[name]) for name, value in old.items())
