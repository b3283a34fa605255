"""The configurations that are shipped: every one can be read, and says how it is run."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.checkpoints.conditioner_description import describe
from core.checkpoints.model_folder import load_autoencoder
from training.conditions.build import fresh_conditions
from training.config import load_config
from training.data.opening import open_data
from training.data.watch import Watch
from training.datasets.default_classes import EASY_24

FOLDER = Path(__file__).parents[2] / "resources" / "training"
SHIPPED = sorted(file.stem for file in FOLDER.glob("*.toml"))
KINDS = {
    "": "text", "-class": "class", "-layout": "layout", "-semantic-map": "semantic_map", "-inpainting": "mixed",
    "-super-resolution": "low_resolution",
}  # fmt: skip


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_configuration_is_read_and_names_its_command(name: str) -> None:
    file = FOLDER / f"{name}.toml"
    assert load_config(file).name == name
    assert f"python main.py train resources/training/{name}.toml" in file.read_text("utf-8")


@pytest.mark.parametrize("task", KINDS)
def test_a_task_is_told_what_its_name_says(tmp_path: Path, finished_run: Path, task: str) -> None:
    # The tiny autoencoder halves pictures, so that a cell of its latents is two pixels wide.
    tiny = {
        "data.count": "4", "data.scenes.size": "16", "second_stage.conditioning.low_resolution.scale": "2",
    }  # fmt: skip
    config = load_config(FOLDER / f"stickers-24{task}.toml", tiny)
    stage, data = config.second_stage, open_data(config.data, tmp_path, Watch())
    told = fresh_conditions(stage.conditioning, stage.text, data.train, load_autoencoder(finished_run / "models"))
    assert describe(told.conditioner).kind == KINDS[task]


def test_boxes_are_offered_the_things_that_the_shipped_models_learn() -> None:
    assert set(load_config(FOLDER / "stickers-24.toml").data.scenes.classes) == set(EASY_24)
