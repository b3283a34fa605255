"""A file of weights, whatever its format: what it holds, from its header; its tensors, mapped rather than read."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from core.cancellation import CancelToken
from core.checkpoints.safetensors_file import TensorEntry, damaged, read_header_and_notes
from core.checkpoints.torch_file import map_torch_file, read_torch_header
from core.errors import ModelFileError

TORCH_SUFFIXES = (".ckpt", ".pt", ".pth", ".bin")
SUFFIXES = (".safetensors", *TORCH_SUFFIXES)


@dataclass(frozen=True)
class WeightFile:
    """An opened file of weights.

    Attributes:
        path: Where it lies.
        entries: Its tensors, as the header describes them.
        notes: What the writer noted about it.
    """

    path: Path
    entries: Mapping[str, TensorEntry]
    notes: Mapping[str, str] = field(default_factory=dict)

    def tensors(self, names: Iterable[str]) -> dict[str, Tensor]:
        """Return tensors of the file, mapped: their bytes are read when they are used, and are never changed there.

        Raises:
            ModelFileError: The file changed since it was opened.
        """
        if self.path.suffix != ".safetensors":
            return {name: self._mapped[name] for name in names}
        try:
            with safe_open(self.path, framework="pt") as file:
                return {name: file.get_tensor(name) for name in names}
        except (SafetensorError, OSError) as error:
            raise damaged(self.path, str(error)) from error

    @cached_property
    def _mapped(self) -> dict[str, Tensor]:
        return map_torch_file(self.path)


def open_weights(path: Path) -> WeightFile:
    """Open a file of weights; only its header is read.

    Raises:
        ModelFileError: The file is missing, damaged, or no file of weights.
    """
    if path.suffix == ".safetensors":
        return WeightFile(path, *read_header_and_notes(path))
    if path.suffix in TORCH_SUFFIXES:
        return WeightFile(path, read_torch_header(path))
    raise ModelFileError(
        f"{path.name} is no file of weights.",
        why=f"Files of weights end in {', '.join(SUFFIXES)}.",
        fix="Choose such a file.",
    )


def check_fit(
    found: Mapping[str, tuple[int, ...]], module: nn.Module, path: Path, *, hint: str, prefix: str = ""
) -> None:
    """Refuse weights whose names or shapes are not the module's, before any of them is read.

    Args:
        found: Shapes of the weights by the module's names.
        module: The network they are meant for.
        path: Where they come from.
        hint: What to do about it, for people.
        prefix: What stands before the names in the file, for the message.
    """
    wanted = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    for name, shape in wanted.items():
        if name not in found:
            raise _unfitting(path, f"it lacks {prefix}{name}", hint)
        if found[name] != shape:
            detail = f"{prefix}{name} is {list(found[name])}, the model needs {list(shape)}"
            raise _unfitting(path, detail, hint)
    if extra := sorted(found.keys() - wanted.keys()):
        raise _unfitting(path, f"it also holds {prefix}{extra[0]}, which the model lacks", hint)


def assign(
    module: nn.Module,
    tensors: Mapping[str, Tensor],
    path: Path,
    *,
    dtype: torch.dtype | None = torch.float32,
    cancel: CancelToken | None = None,
) -> None:
    """Make `tensors` the weights of `module`, which may be on the "meta" device, without a second copy.

    Args:
        module: A network of exactly these names and shapes.
        tensors: Its weights, by its own names.
        path: Where they come from, for messages.
        dtype: What floating-point weights become; None = they stay as they are. Equal kinds stay mapped.
        cancel: Asked before each tensor.

    Raises:
        ModelFileError: Some weight is not finite.
        Cancelled: Asked for by `cancel`; the module is as it was.
    """
    ready = {}
    for name, tensor in tensors.items():
        if cancel is not None:
            cancel.check()
        if not finite(tensor):
            raise damaged(path, f"{name} holds values that are not finite")
        ready[name] = tensor.to(dtype) if dtype is not None and tensor.is_floating_point() else tensor
    module.load_state_dict(ready, assign=True)


def finite(tensor: Tensor) -> bool:
    """Whether a tensor holds no NaN and no infinity; takes no memory beside it."""
    if not tensor.is_floating_point() or tensor.numel() == 0:
        return True
    if tensor.element_size() == 1:
        tensor = tensor.float()
    low, high = torch.aminmax(tensor)
    return math.isfinite(low) and math.isfinite(high)


def load_into(module: nn.Module, path: Path) -> None:
    """Load `path` into `module`, as float32; the file holds exactly its weights, under its names.

    Raises:
        ModelFileError: The file is damaged, holds NaN, or its names or shapes are not the module's.
    """
    file = open_weights(path)
    hint = "Choose the weight file that belongs to this model.json."
    check_fit({name: entry.shape for name, entry in file.entries.items()}, module, path, hint=hint)
    assign(module, file.tensors(file.entries), path)


def without_prefix(names: Collection[str], prefix: str) -> dict[str, str]:
    """Map names that begin with `prefix`, without it, to the whole names."""
    return {name.removeprefix(prefix): name for name in names if name.startswith(prefix)}


def _unfitting(path: Path, detail: str, hint: str) -> ModelFileError:
    return ModelFileError(
        f"The weight file {path.name} does not fit this model.", why=f"On comparing {path}, {detail}.", fix=hint
    )
