"""A run small enough to train whole in seconds: 16-pixel scenes, all three phases."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from training import worker
from training.config import RunConfig
from training.data.opening import open_data
from training.data.watch import Watch
from training.second_stage import SecondStage

CONFIG = """
name = "tiny"
seed = 3
log_every = 1
sample_every = 100
checkpoint_every = 2
keep_checkpoints = 2

[data]
count = 12

[data.scenes]
size = 16
classes = ["fox", "frog"]
backgrounds = ["plain red", "meadow"]

[first_stage]
embed_dim = 2
steps = 4
batch_size = 4
optimizer = { lr = 1e-3, warmup_steps = 2 }
ddconfig = { ch = 8, ch_mult = [1, 2], num_res_blocks = 1, attn_resolutions = [], in_channels = 3, out_ch = 3, resolution = 16, z_channels = 2, mid_attention = false, dropout = 0.1 }

[decoder]
embed_dim = 2
steps = 3
batch_size = 4
latent_noise = 0.2
ddconfig = { ch = 8, ch_mult = [1, 2], num_res_blocks = 1, attn_resolutions = [], in_channels = 3, out_ch = 3, resolution = 16, z_channels = 2, mid_attention = false }

[second_stage]
steps = 5
batch_size = 4

[second_stage.text]
n_embed = 16
n_layer = 1
max_seq_len = 32

[second_stage.unet]
model_channels = 32
num_res_blocks = 1
attention_resolutions = [1]
channel_mult = [1]
num_heads = 2
"""  # noqa: E501 - inline tables of TOML 1.0 take one line


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    """The file of the tiny configuration."""
    path = tmp_path / "tiny.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that went to its end without interruption; not to be changed."""
    place = tmp_path_factory.mktemp("finished")
    (place / "tiny.toml").write_text(CONFIG, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        assert worker.main(Path("tiny.toml")) == 0
    return place / "runs" / "tiny"


@pytest.fixture
def train(config_file: Path, finished_run: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Train in a fresh place; gives the run's folder. Scenes come from the finished run's cache."""
    monkeypatch.chdir(config_file.parent)
    shutil.copytree(finished_run.parent / ".cache", Path("runs/.cache"))

    def train(target: str = "tiny.toml", **overrides: str) -> Path:
        assert worker.main(Path(target), {key.replace("__", "."): text for key, text in overrides.items()}) == 0
        return config_file.parent / "runs" / overrides.get("name", "tiny")

    return train


@pytest.fixture
def second_stage(finished_run: Path) -> Callable[[RunConfig], SecondStage]:
    """Make the second stage of a configuration, on the data and the autoencoder of the finished run."""

    def make(config: RunConfig) -> SecondStage:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(finished_run.parents[1])
            data = open_data(config.data, Path("runs/.cache"), Watch())
            made = worker.make_phase("second_stage", config, finished_run / "models", data, Watch())
        assert isinstance(made, SecondStage)
        return made

    return make
