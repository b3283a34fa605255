"""The models that can be chosen by name: those that ship with the program, and those of the person who uses it.

A person's own lie in the folder `models` of LATENT_LOOM_HOME, which is ~/.latent-loom unless the environment names
another. A shipped model's name always means the shipped one.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from core.errors import InputError
from core.nearest import nearest_name

SHIPPED = Path(__file__).parents[2] / "resources" / "models"
HOME = "LATENT_LOOM_HOME"


def user_models() -> Path:
    """Return the folder of a person's own models, which need not be there."""
    return Path(os.environ.get(HOME) or Path.home() / ".latent-loom").expanduser() / "models"


def folders() -> dict[str, Path]:
    """Return the folders of all models by name, in alphabetical order."""
    found = {file.parent.name: file.parent for place in (user_models(), SHIPPED) for file in place.glob("*/model.json")}
    return {name: found[name] for name in sorted(found) if not name.startswith(".")}


def installed() -> tuple[str, ...]:
    """Return the names of all whole models, in alphabetical order; autoencoders by themselves are left out."""
    return tuple(name for name, folder in folders().items() if not _lacks_denoiser(folder))


def find(name: str) -> Path:
    """Return the folder of an installed model.

    Raises:
        InputError: There is no model of that name.
    """
    found = folders()
    if name not in found:
        near = nearest_name(name, found)
        raise InputError(
            f'There is no model called "{name}".',
            why=f"The installed models are: {', '.join(found) or 'none'}.",
            fix=f"Use {near}, the nearest one." if near else "Use one of these names, or name a file or a folder.",
            port="model",
        )
    return found[name]


def _lacks_denoiser(folder: Path) -> bool:
    """Whether a model folder says that it holds an autoencoder alone; a damaged one says nothing."""
    try:
        described = json.loads((folder / "model.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(described, dict) and "autoencoder" in described and "denoiser" not in described
