from __future__ import annotations

from pathlib import Path

import pytest
import torch

from core.errors import ModelFileError
from training.evaluation.clip_score import clip_score, load_clip, prepared, token_ids


def test_the_score_is_100_times_the_cosine_and_never_below_0() -> None:
    a = torch.tensor([[1.0, 0.0], [1.0, 0.0], [3.0, 0.0], [0.0, 2.0]])
    b = torch.tensor([[1.0, 1.0], [-1.0, 0.0], [2.0, 0.0], [1.0, 0.0]])
    assert clip_score(a, b).tolist() == pytest.approx([100 / 2**0.5, 0, 100, 0], abs=1e-4)


def test_pictures_are_scaled_to_clips_mean_and_spread() -> None:
    grey = prepared(torch.zeros(1, 3, 8, 8), 4)
    assert grey.shape == (1, 3, 4, 4)
    assert grey[0, 0, 0, 0].item() == pytest.approx((0.5 - 0.48145466) / 0.26862954, abs=1e-5)


def test_captions_are_framed_filled_and_cut() -> None:
    ids = token_ids(["a fox", "fox " * 100], 8)
    assert ids.shape == (2, 8)
    assert ids[0, 0] == 49406
    assert ids[0, 3:].tolist() == [49407] * 5
    assert ids[1, -1] == 49407


@pytest.mark.slow
def test_clip_is_loaded_from_a_folder_of_the_users_own(tmp_path: Path) -> None:
    from transformers import CLIPConfig, CLIPModel

    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    text = {**sizes, "max_position_embeddings": 12}
    vision = {**sizes, "image_size": 32, "patch_size": 16}
    CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=8)).save_pretrained(tmp_path / "tiny")
    score = load_clip(tmp_path / "tiny")
    found = score(torch.zeros(3, 3, 64, 64), ["a fox", "a frog", "a fox"])
    assert score.name == "tiny"
    assert found.shape == (3,)
    assert found[0] == found[2]
    with pytest.raises(ModelFileError, match="cannot be loaded"):
        load_clip(tmp_path)
