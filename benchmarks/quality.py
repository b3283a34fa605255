"""Quality of the shipped model on held-out scenes, judged by a probe, with the ceilings beside.

    python -m benchmarks quality

Prompts are the captions of held-out one-object scenes. "Found" is the share of pictures in which the probe names the
prompt's object, "scene" its background; real and reconstructed pictures give the ceilings.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image as Pillow
from torch import Tensor

from core.checkpoints.model_folder import find, load_model
from core.conditioning.conditioner import expect
from core.conditioning.text import TextEncoder
from core.diffusion.latent_diffusion import LatentDiffusion
from core.diffusion.sampling import make_time_grid
from core.imaging.image import from_uint8, to_uint8
from core.randomness import NoiseSource
from core.samplers.ddim import ddim
from training.config import load_config
from training.datasets.scenes import Scene, SceneConfig
from training.losses.reconstruction import psnr
from training.phase import tile
from training.probe import HELD_OUT_SEED, Probe, load_probe, one_object_scenes

MODEL = "stickers-64"
CONFIG = Path(__file__).parents[1] / "resources" / "training" / f"{MODEL}.toml"
BATCH = 50


def measure() -> dict[str, dict[str, Any]]:
    """Measure the installed model; LOOM_QUALITY_N pictures (300 unless told), LOOM_SHEET = where to save a sheet."""
    torch.set_num_threads(1)
    count = int(os.environ.get("LOOM_QUALITY_N", "300"))
    model, scenes_config = load_model(find(MODEL)), load_config(CONFIG).data.scenes
    return measure_model(model, load_probe(find(MODEL) / "probe.safetensors", scenes_config), scenes_config, count)


def measure_model(
    model: LatentDiffusion, probe: Probe, config: SceneConfig, count: int, *, scale: float = 2.0, steps: int = 25
) -> dict[str, dict[str, Any]]:
    """Compare generated, reconstructed and real pictures of the same held-out scenes."""
    scenes = one_object_scenes(config, HELD_OUT_SEED, count)
    real = from_uint8(np.stack([scene.image for scene in scenes]))
    parts = [model.autoencoder.decode(model.autoencoder.encode(real[i : i + BATCH])) for i in range(0, count, BATCH)]
    rebuilt = torch.cat(parts)
    made = torch.cat([generate(model, scenes[i : i + BATCH], i, scale, steps) for i in range(0, count, BATCH)])
    if sheet := os.environ.get("LOOM_SHEET"):
        Pillow.fromarray(tile(to_uint8(made[:64]), 16)).save(sheet)
    figures = {"reconstruction_psnr": _figure(float(psnr(rebuilt, real).mean()), "dB", 27.0, count)}
    for label, images, goal in (("generated", made, 0.85), ("reconstructed", rebuilt, None), ("real", real, None)):
        found, scene = accuracies(probe, images, scenes)
        figures[f"object_found_{label}"] = _figure(found, "share", goal, count)
        figures[f"scene_right_{label}"] = _figure(scene, "share", goal, count)
    return figures


@torch.no_grad()
def generate(model: LatentDiffusion, scenes: list[Scene], first_seed: int, scale: float, steps: int) -> Tensor:
    """Make a picture for each scene's caption, [b, 3, h, w] in [-1, 1]."""
    text = expect(model.conditioner, TextEncoder, "model")
    condition, null = text.encode([scene.caption for scene in scenes]), text.null(len(scenes))
    space = model.autoencoder.space
    h, w = space.size(*scenes[0].image.shape[1::-1])
    noise = NoiseSource(range(first_seed, first_seed + len(scenes)))
    schedule = model.denoiser.schedule
    grid = make_time_grid(schedule, steps)
    x = noise(torch.empty(len(scenes), space.channels, h, w))
    z = ddim(model.denoiser.guided(condition, null, scale), x, schedule, grid.steps, noise=noise)
    return model.autoencoder.decode(z)


def accuracies(probe: Probe, images: Tensor, scenes: list[Scene]) -> tuple[float, float]:
    """Return the shares of images whose object and whose background the probe names as the scene has them."""
    judged = probe.judge(images)
    found = [name == scene.boxes[0].label for name, scene in zip(judged.objects, scenes, strict=True)]
    right = [name == scene.background for name, scene in zip(judged.backgrounds, scenes, strict=True)]
    return sum(found) / len(found), sum(right) / len(right)


def _figure(value: float, unit: str, goal: float | None, n: int) -> dict[str, Any]:
    holds = None if goal is None else value >= goal
    return {"value": round(value, 4), "unit": unit, "goal": goal, "holds": holds, "n": n, "peer": None}
