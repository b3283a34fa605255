"""`python main.py models [PATH] [--install NAME] [--convert OUT] [--json]`: the installed models, or what a file is.

`--install` puts a model folder, such as runs/NAME/models, among a person's own models; `--to resources/models` among
those that ship with the program.
Files of weights are told from their headers, without torch: at once, however large they are.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from core.errors import InputError, LoomError
from core.graph.json_types import JsonObject


def main(arguments: list[str]) -> int:
    """Print the installed models, or the one named; return the exit code."""
    parser = argparse.ArgumentParser(prog="main.py models", description="List models and what they hold.")
    parser.add_argument(
        "path", type=Path, nargs="?", help="a file of weights or a model folder (default: all that are installed)"
    )
    parser.add_argument("--install", metavar="NAME", help="install the model folder at PATH under this name")
    parser.add_argument("--to", metavar="DIR", type=Path, help="where to install it (default: your own models)")
    parser.add_argument(
        "--autoencoder-of", metavar="MODEL",
        help="share the autoencoder of this installed model, in whose latents it was trained, instead of a copy",
    )  # fmt: skip
    parser.add_argument("--replace", action="store_true", help="install it also where a model has this name already")
    parser.add_argument(
        "--convert", metavar="OUT", type=Path,
        help="write the single file at PATH as a diffusers folder, or the diffusers folder as a single file",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    if options.convert is not None and (options.path is None or options.install is not None):
        parser.error("--convert needs the PATH of a file of weights or a diffusers folder, and no --install")
    if options.install is not None and options.path is None:
        parser.error("--install needs the PATH of the model folder, such as runs/NAME/models")
    if options.install is None and (options.to is not None or options.replace or options.autoencoder_of is not None):
        parser.error("--to, --replace and --autoencoder-of need --install NAME")
    if options.convert is not None:
        models = [weights(converted(options.path, options.convert))]
    elif options.install is not None:
        models = [installed(options.path, options.install, options.to, options.replace, options.autoencoder_of)]
    elif options.path is None:
        models = listed()
    elif is_own_folder(options.path):
        models = [own_model(existing(options.path))]
    elif options.path.exists():
        models = [weights(options.path)]
    else:
        models = [named(str(options.path))]
    print(json.dumps({"models": models}, indent=2) if options.json else as_text(models))
    return 0


def is_own_folder(path: Path) -> bool:
    """Whether a path means one of this program's own model folders."""
    return path.name == "model.json" or (path / "model.json").is_file()


def listed() -> list[JsonObject]:
    """Describe all models that can be chosen by name; one that is damaged says so."""
    from core.checkpoints.model_library import folders

    models: list[JsonObject] = []
    for name, folder in folders().items():
        try:
            models.append(own_model(folder))
        except LoomError as error:
            damage = {"what": error.what, "why": error.why, "fix": error.fix}
            models.append({"name": name, "folder": str(folder), "parts": {}, "files": {}, "damage": damage})
    return models


def named(name: str) -> JsonObject:
    """Describe an installed model.

    Raises:
        InputError: There is none of this name.
    """
    from core.checkpoints.model_library import find

    return own_model(find(name))


def installed(
    path: Path, name: str, to: Path | None, replace: bool, autoencoder_of: str | None = None
) -> JsonObject:  # fmt: skip
    """Install the model folder at `path` under a name and describe it.

    Raises:
        InputError: There is no such folder, the name cannot be used or is taken, or the folder cannot be written to.
        ModelFileError: It is no whole model, or not in the latent space of `autoencoder_of`.
    """
    from core.checkpoints.install import install

    try:
        return own_model(install(existing(path), name, to=to, replace=replace, autoencoder_of=autoencoder_of))
    except OSError as error:
        raise InputError(
            f"{path} could not be installed as {name}.",
            why=f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}.",
            fix="Make room on the disk, or the folder writable, or name another folder: --to DIR",
        ) from error


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


def own_model(folder: Path) -> JsonObject:
    """Return what a model folder holds: its parts with their arguments, and the bytes of each weight file.

    Raises:
        ModelFileError: Its model.json cannot be used, or it shares an autoencoder that is not installed.
    """
    from core.checkpoints.model_folder import autoencoder_folder, read_description

    parts = {name: part for name, part in read_description(folder).items() if isinstance(part, dict)}
    if "model" in parts.get("autoencoder", {}):
        autoencoder_folder(folder)
    return {
        "name": folder.name,
        "folder": str(folder),
        "parts": parts,
        "files": {path.name: path.stat().st_size for path in sorted(folder.glob("*.safetensors"))},
    }


def weights(path: Path) -> JsonObject:
    """Return what a file of weights or a diffusers folder is.

    Raises:
        ModelFileError: It is missing or damaged, or no file of weights.
    """
    from core.checkpoints.describe import describe

    found = describe(path)
    parts = {
        role: {
            "what": part.what,
            "tensors": part.tensors,
            "parameters": part.parameters,
            "bytes": part.bytes,
            "dtypes": list(part.dtypes),
        }
        for role, part in found.parts.items()
    }
    return {
        "name": path.name,
        "path": str(path),
        "kind": found.kind,
        "family": found.family,
        "parameters": found.parameters,
        "parts": parts,
        "details": dict(found.details),
        "notes": dict(found.notes),
    }


def converted(path: Path, target: Path) -> Path:
    """Write a single file as a diffusers folder, or a folder as a single file; return what was written.

    Raises:
        InputError: There is something at the target, or the model cannot be converted.
    """
    from core.checkpoints.conversion import write_folder, write_single_file
    from core.checkpoints.source import folder_of

    folder = folder_of(path)
    if target.exists() or (folder is not None and target.suffix != ".safetensors"):
        there = target.exists()
        raise InputError(
            f"{target} cannot be written.",
            why="There is something of that name." if there else "A folder becomes a file, which ends in .safetensors.",
            fix="Choose another name." if there else f"Use {target.name}.safetensors.",
        )
    if folder is None:
        write_folder(path, target)
    else:
        write_single_file(folder, target)
    return target


def as_text(models: list[JsonObject]) -> str:
    """Return models for people: a name, then a line for each part, file and detail."""
    lines: list[str] = []
    for model in models:
        lines += _weights_lines(model) if "kind" in model else _own_lines(model)
    return "\n".join(lines) or "No model is installed."


def _own_lines(model: JsonObject) -> list[str]:
    first = f"{model['name']}  ({model['folder']})"
    if "damage" in model:
        return [first, *(f"    {line}" for line in model["damage"].values())]
    files = [f"    {name}: {size / 1e6:.1f} MB" for name, size in model["files"].items()]
    shared = model["parts"].get("autoencoder", {}).get("model")
    of = [f"    autoencoder: that of {shared}"] if shared else []
    return [first, f"    parts: {', '.join(model['parts']) or 'none'}", *of, *files]


def _weights_lines(model: JsonObject) -> list[str]:
    words = ", ".join(word for word in (model["kind"], model["family"]) if word)
    lines = [f"{model['name']}  ({words}; {model['parameters'] / 1e6:,.1f} million parameters)"]
    for part in model["parts"].values():
        million, megabytes = part["parameters"] / 1e6, part["bytes"] / 1e6
        kinds = " and ".join(part["dtypes"])
        lines.append(
            f"    {part['what']}: {million:,.1f} million in {part['tensors']} tensors, {kinds}, {megabytes:,.1f} MB"
        )
    for name, value in model["details"].items():
        lines.append(f"    {name}: {', '.join(map(str, value)) if isinstance(value, list) else value}")
    return lines
