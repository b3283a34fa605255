"""A text encoder is taught from captions alone who stands where."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from core.checkpoints.model_folder import load_model
from core.conditioning.text import TextEncoder
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
        assert [CONFIG.classes[thing - 1] for thing in things[:2]] == [box.label for box in scene.boxes]
        assert things[2] == 0
        assert CONFIG.backgrounds[background] == scene.background


def test_an_encoder_learns_the_order() -> None:
    learner = encoder()
    assert read_right(learner, teach(learner, CONFIG, steps=250, batch=16), SCENES) > 0.9


def test_the_same_lesson_teaches_the_same() -> None:
    first, second = encoder(), encoder()
    for learner in (first, second):
        teach(learner, CONFIG, steps=3, batch=4)
    states = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    assert all(torch.equal(a, b) for a, b in states)


def test_a_model_is_copied_with_the_encoder_that_was_taught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def brief(learner: TextEncoder, _: SceneConfig) -> Reader:
        return teach(learner, CONFIG, steps=1, batch=2)

    monkeypatch.setattr(reading_lesson, "teach", brief)
    root = Path(reading_lesson.__file__).parents[1] / "resources"
    model, out = root / "models" / "stickers-24", tmp_path / "taught"
    reading_lesson.main(root / "training" / "stickers-24-pairs.toml", model, out)
    changed = [file.name for file in model.iterdir() if file.read_bytes() != (out / file.name).read_bytes()]
    assert "text_encoder.safetensors" in changed
    assert "denoiser.safetensors" not in changed
    before, after = (load_model(folder).conditioner.state_dict() for folder in (model, out))
    assert before.keys() == after.keys()
    assert not all(torch.equal(before[name], after[name]) for name in before)
