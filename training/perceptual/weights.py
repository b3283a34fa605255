"""Weights of perceptual networks: one or more files of a folder that together hold every parameter."""

from __future__ import annotations

import pickle
import re
import zipfile
from pathlib import Path

import torch
from torch import Tensor, nn

from core.checkpoints.weight_file import SUFFIXES, open_weights
from core.errors import ModelFileError
from training.perceptual.lpips import SLICES

_VGG_LAYER = re.compile(r"features\.(\d+)\.(weight|bias)")
# LPIPS's own package and the reference name the heads differently.
_HEAD = re.compile(r"(lin\d)\.(?:model\.)?\d\.weight")


def load_perceptual_weights(module: nn.Module, folder: Path) -> None:
    """Load what `module` needs from the weight files of `folder`; other tensors there are ignored.

    Raises:
        ModelFileError: A file is damaged, or a tensor is missing or of another shape.
    """
    wanted = {
        name: tensor
        for name, tensor in module.state_dict().items()
        # Constants, and a counter that evaluation does not use.
        if not name.startswith("scaling_layer.") and not name.endswith("num_batches_tracked")
    }
    tensors: dict[str, Tensor] = {}
    for path in sorted(file for file in folder.iterdir() if file.suffix in SUFFIXES):
        found = read_tensors(path)
        tensors |= {own_name(name): tensor.float() for name, tensor in found.items() if own_name(name) in wanted}
    for name, tensor in wanted.items():
        if name not in tensors or tensors[name].shape != tensor.shape:
            state = "lacks" if name not in tensors else f"has another shape ({list(tensors[name].shape)}) of"
            raise ModelFileError(
                f"The folder {folder.name} does not hold the weights of {type(module).__name__}.",
                why=f"Among its files, {folder} {state} {name}, {list(tensor.shape)}.",
                fix="Put the weight files of that network into the folder, or choose another perceptual distance.",
            )
    module.load_state_dict(tensors, strict=False)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read a file of weights. Those of VGG16 and EfficientNet-Lite are of PyTorch's oldest format, no archive.

    Raises:
        ModelFileError: The file is damaged, or holds anything but tensors.
    """
    if path.suffix == ".safetensors" or zipfile.is_zipfile(path):
        file = open_weights(path)
        return file.tensors(file.entries)
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise ModelFileError(
            f"The weight file {path.name} cannot be read.", why=f"{path} is damaged, or holds more than tensors.",
            fix="Download the file again.",
        ) from error  # fmt: skip
    return {name: tensor for name, tensor in dict(found).items() if isinstance(tensor, Tensor)}


def own_name(name: str) -> str:
    """Return this project's name of a tensor: torchvision's and LPIPS's names are translated, others stay."""
    if layer := _VGG_LAYER.fullmatch(name):
        return f"net.slice{_slice_of(int(layer[1]))}.{layer[1]}.{layer[2]}"
    if head := _HEAD.fullmatch(name):
        return f"{head[1]}.model.1.weight"
    return name


def _slice_of(index: int) -> int:
    """Return the slice, from 1, of a layer of torchvision's list, in which each convolution brings its ReLU."""
    for number, widths in enumerate(SLICES, start=1):
        index -= 2 * len(widths) + (number > 1)
        if index < 0:
            return number
    return len(SLICES)
