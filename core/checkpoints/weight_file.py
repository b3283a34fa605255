"""A file of weights, whatever its format: what it holds, from its header; its tensors, mapped rather than read.

Headers of safetensors files are read without torch, so that a command can tell at once what a file is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from core.checkpoints.safetensors_file import TensorEntry, damaged, read_header_and_notes
from core.errors import ModelFileError

if TYPE_CHECKING:
    from torch import Tensor

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
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self.path, framework="pt") as file:
                return {name: file.get_tensor(name) for name in names}
        except (SafetensorError, OSError) as error:
            raise damaged(self.path, str(error)) from error

    @cached_property
    def _mapped(self) -> dict[str, Tensor]:
        from core.checkpoints.torch_file import map_torch_file

        return map_torch_file(self.path)


def open_weights(path: Path) -> WeightFile:
    """Open a file of weights; only its header is read.

    Raises:
        ModelFileError: The file is missing, damaged, or no file of weights.
    """
    if path.suffix == ".safetensors":
        return WeightFile(path, *read_header_and_notes(path))
    if path.suffix in TORCH_SUFFIXES:
        from core.checkpoints.torch_file import read_torch_header  # torch is slow to import

        return WeightFile(path, read_torch_header(path))
    raise ModelFileError(
        f"{path.name} is no file of weights.",
        why=f"Files of weights end in {', '.join(SUFFIXES)}.",
        fix="Choose such a file.",
    )
