"""Building a network without memory for its weights, comparing it with a file, and giving it the file's weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from core.cancellation import CancelToken
from core.checkpoints.parts import Part
from core.checkpoints.safetensors_file import damaged
from core.checkpoints.weight_file import open_weights
from core.errors import ModelFileError
from core.models.weightless import weightless

Network = TypeVar("Network", bound=nn.Module)
# What constructors raise for arguments that make no sense, down to PyTorch's own layers.
UNUSABLE = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


class Loader:
    """Builds the networks of a model, and gives them their weights once all of them fit.

    Attributes:
        dtype: Precision of the weights; None = as they are in the file.
        family: What the model probably is, for messages.
    """

    def __init__(self, dtype: torch.dtype | None = torch.float32, family: str = "") -> None:
        self.dtype, self.family = dtype, family
        self._waiting: list[tuple[nn.Module, Part, torch.dtype | None]] = []

    def __call__(
        self, kind: Callable[..., Network], arguments: Mapping[str, Any], part: Part, *, wide: bool = False
    ) -> Network:
        """Return a network in evaluation mode that fits the part; it has no weights before `read`.

        Args:
            kind, arguments: What makes it.
            part: Its weights.
            wide: Whether its values can leave the range of float16; it is float32 then.

        Raises:
            ModelFileError: The arguments make no network, or its names or shapes are not those of the file.
        """
        path = part.file.path
        try:
            with weightless():
                network = kind(**arguments)
        except UNUSABLE as error:
            raise ModelFileError(
                f"The {part.kind} in {path.name} cannot be built.",
                why=f"Its shapes make no sense together: {error}.",
                fix="Choose another file, or copy this one again.",
            ) from error
        likely = f" It looks like {self.family}." if self.family else ""
        check_fit(part.shapes(), network, path, hint=f"Choose a file that is whole.{likely}", prefix=part.prefix)
        dtype = torch.float32 if wide and self.dtype is torch.float16 else self.dtype
        self._waiting.append((network, part, dtype))
        return network.eval()

    def read(self, cancel: CancelToken | None = None) -> None:
        """Give all networks their weights, mapped where their precision allows it.

        Raises:
            ModelFileError: A weight is not finite.
            Cancelled: Asked for by `cancel`, between two weights.
        """
        for network, part, dtype in self._waiting:
            assign(network, part.tensors(), part.file.path, dtype=dtype, cancel=cancel)
        self._waiting.clear()


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


def _unfitting(path: Path, detail: str, hint: str) -> ModelFileError:
    return ModelFileError(
        f"The weight file {path.name} does not fit this model.", why=f"On comparing {path}, {detail}.", fix=hint
    )
