"""Whole runs on a folder of pictures: buckets, random cuts, flips, a stop while preparing, and exact resume."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import InputError
from training import preparing, worker
from training.run_folder import read_lines

Save = Callable[..., Path]
CONFIG = """
name = "run"
log_every = 1
sample_every = 100
checkpoint_every = 2

[data]
kind = "folder"
path = "pictures"
size = 16
smallest = 8
held_out = 0.2
crop = "random"
flip = true
variants = 2
buckets = { widest = 2.0, step = 4 }

[first_stage]
embed_dim = 2
steps = 3
batch_size = 2
ddconfig = { ch = 8, ch_mult = [1, 2], num_res_blocks = 1, attn_resolutions = [], in_channels = 3, out_ch = 3, resolution = 16, z_channels = 2, mid_attention = false, dropout = 0.0 }

[decoder]
embed_dim = 2
steps = 2
batch_size = 2
latent_noise = 0.2
ddconfig = { ch = 8, ch_mult = [1, 2], num_res_blocks = 1, attn_resolutions = [], in_channels = 3, out_ch = 3, resolution = 16, z_channels = 2, mid_attention = false, dropout = 0.0 }

[second_stage]
steps = 3
batch_size = 2
text = { n_embed = 16, n_layer = 1, max_seq_len = 16 }
unet = { model_channels = 32, num_res_blocks = 1, attention_resolutions = [1], channel_mult = [1], num_heads = 2 }
"""  # noqa: E501 - inline tables of TOML 1.0 take one line


@pytest.fixture
def place(tmp_path: Path, save: Save, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with pictures of three shapes, one of them broken, and the configuration."""
    for index, size in enumerate([(40, 20), (20, 20), (20, 40), (22, 20), (44, 20), (20, 41), (30, 30)]):
        save(f"{index}.png", size, f"thing {index} left of a frog")
    save("broken.png").write_bytes(b"no picture")
    (tmp_path / "run.toml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def losses(folder: Path) -> list[dict[str, Any]]:
    lines = [line for line in read_lines(folder / "metrics.jsonl") if "loss" in line]
    return [{name: value for name, value in line.items() if name != "samples_per_second"} for line in lines]


def status(folder: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((folder / "status.json").read_text())
    return record


def stop_in_every(monkeypatch: pytest.MonkeyPatch, folder: Path) -> list[str]:
    """Ask for a stop at the first report of each kind of preparation, each once; returns what was stopped."""
    stopped: list[str] = []
    tell = preparing.Preparing.__call__

    def asked(self: preparing.Preparing, what: str, done: int, total: int) -> None:
        if what not in stopped:
            stopped.append(what)
            (folder / "control").mkdir(parents=True, exist_ok=True)
            (folder / "control/000.json").write_text('{"command": "stop"}')
        tell(self, what, done, total)

    monkeypatch.setattr(preparing.Preparing, "__call__", asked)
    return stopped


def test_a_run_that_was_stopped_while_preparing_equals_an_undisturbed_one(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert worker.main(place / "run.toml") == 0
    folder = place / "runs/run"
    whole, weights = losses(folder), (folder / "models/denoiser.safetensors").read_bytes()
    assert len(whole) == 8
    report = json.loads((folder / "data.json").read_text())
    assert [bad["name"] for bad in report["bad"]] == ["broken.png"]

    (place / "runs").rename(place / "undisturbed")
    stopped = stop_in_every(monkeypatch, folder)
    for _ in range(6):
        assert worker.main(place / "run.toml") == 0
        if status(folder)["state"] == "finished":
            break
        assert status(folder)["state"] == "stopped"
    assert stopped == ["looking at pictures", "loading the autoencoder", "encoding latents", "building the networks"]
    assert losses(folder) == whole
    assert (folder / "models/denoiser.safetensors").read_bytes() == weights


def test_a_run_is_not_resumed_on_other_data(place: Path, save: Save) -> None:
    worker.main(place / "run.toml", {"phases": "first_stage", "first_stage.steps": "1"})
    save("0.png", (41, 20))
    with pytest.raises(InputError, match=r"data of .*run has changed"):
        worker.main(place / "runs/run")
