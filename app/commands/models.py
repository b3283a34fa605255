"""`python main.py models [PATH] [--install NAME] [--json]`: the installed models, or what one model folder holds."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from core.errors import InputError
from core.graph.json_types import JsonObject


def main(arguments: list[str]) -> int:
    """Print the installed models, or the one named; return the exit code."""
    parser = argparse.ArgumentParser(prog="main.py models", description="List models and what they hold.")
    parser.add_argument("path", type=Path, nargs="?", help="a model folder (default: all that are installed)")
    parser.add_argument("--install", metavar="NAME", help="install the model folder at PATH under this name")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    if options.install is not None and options.path is None:
        parser.error("--install needs the PATH of the model folder, such as runs/NAME/models")

    from core.checkpoints import model_folder
    from core.checkpoints.install import install

    if options.install is not None:
        folders = [install(existing(options.path), options.install)]
    elif options.path is None:
        folders = [model_folder.find(name) for name in model_folder.installed()]
    else:
        folders = [existing(options.path)]
    models = [describe(folder, model_folder.read_description(folder)) for folder in folders]
    print(json.dumps({"models": models}, indent=2) if options.json else as_text(models))
    return 0


def existing(path: Path) -> Path:
    """Return the model folder that `path` means: itself, or the folder of its model.json.

    Raises:
        InputError: There is no such folder.
    """
    folder = path.parent if path.name == "model.json" else path
    if not folder.is_dir():
        raise InputError(
            f"{path} is not a model folder.",
            why="A model is a folder with a model.json and the weights beside it.",
            fix="Name such a folder, or leave the path out to list the installed models.",
        )
    return folder


def describe(folder: Path, description: JsonObject) -> JsonObject:
    """Return what a model folder holds: its parts with their arguments, and the bytes of each weight file."""
    return {
        "name": folder.name,
        "folder": str(folder),
        "parts": {name: part for name, part in description.items() if isinstance(part, dict)},
        "files": {path.name: path.stat().st_size for path in sorted(folder.glob("*.safetensors"))},
    }


def as_text(models: list[JsonObject]) -> str:
    """Return models for people: a name, then a line for each part and file."""
    lines: list[str] = []
    for model in models:
        lines += [f"{model['name']}  ({model['folder']})", f"    parts: {', '.join(model['parts']) or 'none'}"]
        lines += [f"    {name}: {size / 1e6:.1f} MB" for name, size in model["files"].items()]
    return "\n".join(lines) or "No model is installed."
