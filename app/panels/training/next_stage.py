"""The second stage after the first: a configuration in the latents of a run's autoencoder."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from app.theme import RESOURCES

_TEMPLATE = RESOURCES / "training" / "stickers-64.toml"


def latents_of(models: Path) -> str:
    """Say what the latents of a model folder's autoencoder are like; "" where that cannot be read."""
    try:
        space = json.loads((models / "model.json").read_text("utf-8"))["autoencoder"]["space"]
        name, channels, factor, scale = (space[key] for key in ("name", "channels", "factor", "scale"))
        spread = f"they spread by {1 / scale:.3g}, and are multiplied by {scale:.4g} to have unit variance"
        return f"Latents of {name}: {channels} channels for {factor} × {factor} pixels each; {spread}."
    except (OSError, ValueError, KeyError, TypeError, ZeroDivisionError):
        return ""


def next_stage(run: Path) -> dict[str, Any]:
    """The table of a diffusion model on the same data, in the latent space that `run` has made.

    The autoencoder's model.json keeps the factor that gives its latents unit variance; the second stage reads it there.
    """
    table = tomllib.loads((run / "config.toml").read_text("utf-8"))
    template = tomllib.loads(_TEMPLATE.read_text("utf-8"))
    stage = table.get("second_stage", {})
    if not stage.get("unet"):
        stage = template["second_stage"]
    kept = {key: value for key, value in table.items() if key not in ("decoder", "second_stage")}
    return {
        **kept, "name": f"{run.name}-diffusion", "phases": ["second_stage"], "initial": str(run / "models"),
        "second_stage": stage,
    }  # fmt: skip
