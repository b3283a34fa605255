"""Putting a trained model among the installed ones, in half precision."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from core.checkpoints import model_folder, model_library
from core.errors import InputError

# Names that every file system takes.
_NAME = re.compile(r"\w(?:[\w .+()-]*[\w+()-])?")


def install(
    source: Path, name: str, *, to: Path | None = None, replace: bool = False, dtype: torch.dtype = torch.float16,
    autoencoder_of: str | None = None,
) -> Path:  # fmt: skip
    """Copy the model folder `source` (such as runs/NAME/models) to `to` / `name`; return that folder.

    Args:
        source: A whole model, or an autoencoder by itself.
        name: What it is chosen by from now on.
        to: None = the person's own models.
        replace: Whether a model of that name may be replaced; it is only once the new one is whole, and what lies
            beside its weights and is not in `source`, such as a card, stays.
        dtype: Of its floating-point weights.
        autoencoder_of: An installed model of the same latent space, whose autoencoder it shares from now on; None = it
            keeps its own.

    Raises:
        InputError: The name cannot be used, or is taken, or it is that of `autoencoder_of`.
        ModelFileError: `source` is damaged, or its latents are not those of `autoencoder_of`.
        OSError: The folder cannot be written to.
    """
    target = _target(name, to or model_library.user_models(), replace)
    if autoencoder_of == name:
        raise InputError(
            f"{name} cannot share the autoencoder of {name}.",
            why="It takes the place of the model of that name, so the autoencoder would be nowhere.",
            fix="Leave --autoencoder-of out: a model keeps its own autoencoder.",
        )
    if autoencoder_of is None and "denoiser" not in model_folder.read_description(source):
        model_folder.load_autoencoder(source)  # a first stage by itself
    else:
        model_folder.load_model(source)
    if autoencoder_of is not None:
        model_folder.expect_shareable(source, autoencoder_of)
    aside, old = target.with_name(f".{name}.part"), target.with_name(f".{name}.old")
    for left in (aside, old):
        shutil.rmtree(left, ignore_errors=True)
    _copy(source, aside, dtype)
    if autoencoder_of is not None:
        model_folder.share_autoencoder(aside, autoencoder_of)
    if target.exists():
        for file in target.iterdir():
            if not (aside / file.name).exists() and file.name not in model_folder.FILES:
                shutil.copyfile(file, aside / file.name)
        target.rename(old)
    aside.rename(target)
    shutil.rmtree(old, ignore_errors=True)
    return target


def _copy(source: Path, folder: Path, dtype: torch.dtype) -> None:
    """Copy a model into a new folder, its floating-point weights as `dtype`."""
    folder.mkdir(parents=True)
    for file in sorted(source.iterdir()):
        if file.suffix == ".safetensors":
            tensors = {k: v.to(dtype) if v.is_floating_point() else v for k, v in load_file(file).items()}
            save_file(tensors, folder / file.name)
        elif file.suffix == ".json":
            shutil.copyfile(file, folder / file.name)


def _target(name: str, place: Path, replace: bool) -> Path:
    """Return the folder that a model of this name gets in `place`.

    Raises:
        InputError: The name cannot be used, or is taken.
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            f"A model cannot be called {name!r}.",
            why="The name becomes the name of a folder.",
            fix="Use letters, digits and hyphens, such as stickers-64.",
        )
    ships, target = model_library.SHIPPED, place / name
    if (ships / name).exists() and place.resolve() != ships.resolve():
        raise InputError(
            f"A model of your own cannot be called {name}.",
            why="A model that ships with the program has this name, and workflows mean that one.",
            fix=f"Use another name, such as {_free(f'my-{name}', place)}.",
        )
    if target.exists() and not replace:
        raise InputError(
            f"There is a model called {name} already.",
            why=f"It lies in {target}.",
            fix=f"Use another name, such as {_free(name, place)}, or say that it is to be replaced.",
        )
    return target


def _free(name: str, place: Path) -> str:
    """Return `name`, or the first of name-2, name-3... that is not taken."""
    number, free = 1, name
    while (place / free).exists() or (model_library.SHIPPED / free).exists():
        number += 1
        free = f"{name}-{number}"
    return free
