"""Putting a trained model among the installed ones, in half precision."""

from __future__ import annotations

import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from core.checkpoints import model_folder
from core.errors import InputError


def install(source: Path, name: str, dtype: torch.dtype = torch.float16) -> Path:
    """Copy the model folder `source` (such as runs/NAME/models) to the installed models as `name`; return it.

    A model of that name is replaced only once the new one is whole.

    Raises:
        InputError: The name is no folder name, or `source` is no whole model.
    """
    if not name or Path(name).name != name or name.startswith("."):
        raise InputError(
            f"A model cannot be called {name!r}.",
            why="The name becomes the name of a folder.",
            fix="Use letters, digits and hyphens, such as stickers-64.",
        )
    model_folder.load_model(source)
    target, aside = model_folder.MODELS / name, model_folder.MODELS / f".{name}.part"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    for file in sorted(source.iterdir()):
        if file.suffix == ".safetensors":
            tensors = {k: v.to(dtype) if v.is_floating_point() else v for k, v in load_file(file).items()}
            save_file(tensors, aside / file.name)
        elif file.suffix == ".json":
            shutil.copyfile(file, aside / file.name)
    # What people wrote about the model, and its judge, stay.
    if target.exists():
        for file in target.iterdir():
            if not (aside / file.name).exists():
                shutil.copyfile(file, aside / file.name)
        shutil.rmtree(target)
    aside.rename(target)
    return target
