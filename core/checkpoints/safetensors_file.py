"""Reading safetensors files: the header is checked against the file and the model before any weight is read.

Format: 8 bytes with the header's length (little-endian), a JSON header of names, dtypes, shapes and offsets, then the
data (safetensors, format specification).
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from core.errors import ModelFileError

HEADER_LIMIT = 100 * 2**20  # bytes; the format's own limit
ITEM_BYTES = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2,
    "I32": 4, "U32": 4, "F32": 4, "I64": 8, "U64": 8, "F64": 8,
}  # fmt: skip


@dataclass(frozen=True)
class TensorEntry:
    """A tensor as the header describes it."""

    dtype: str
    shape: tuple[int, ...]


def read_header(path: Path) -> dict[str, TensorEntry]:
    """Read names, dtypes and shapes without reading or allocating any weight.

    Raises:
        ModelFileError: The file is missing, truncated, or no safetensors file.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(8)
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
            if not 2 <= length <= min(HEADER_LIMIT, size - 8):
                raise _damaged(path, f"its header claims {length} bytes in a file of {size}")
            header = json.loads(file.read(length))
    except OSError as error:
        raise ModelFileError(
            f"The weight file {path.name} cannot be read.",
            why=f"{error.strerror}: {path}.",
            fix="Check the path, or install the model again.",
        ) from error
    except ValueError as error:
        raise _damaged(path, "its header is not JSON") from error
    if not isinstance(header, dict):
        raise _damaged(path, "its header holds no list of tensors")
    return _checked(header, path, size - 8 - length)


def _checked(header: dict[str, object], path: Path, data_bytes: int) -> dict[str, TensorEntry]:
    entries = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        try:
            dtype, shape, (begin, end) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]  # type: ignore[index]
            whole = 0 <= begin <= end and math.prod(shape) * ITEM_BYTES[dtype] == end - begin
        except (KeyError, TypeError, ValueError) as error:
            raise _damaged(path, f"the entry of {name} is malformed") from error
        if not whole:
            raise _damaged(path, f"the size of {name} contradicts its shape {shape}")
        if end > data_bytes:
            raise _damaged(path, f"{name} should end at byte {end}, but only {data_bytes} bytes of data are there")
        entries[name] = TensorEntry(dtype, shape)
    return entries


def load_into(module: nn.Module, path: Path) -> None:
    """Load `path` into `module`, in the module's own dtype.

    Raises:
        ModelFileError: The file is damaged, holds NaN, or its names or shapes are not the module's.
    """
    entries = read_header(path)
    wanted = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    for name, shape in wanted.items():
        if name not in entries:
            raise _unfitting(path, f"it lacks {name}")
        if entries[name].shape != shape:
            raise _unfitting(path, f"{name} is {list(entries[name].shape)}, the model needs {list(shape)}")
    if extra := sorted(entries.keys() - wanted.keys()):
        raise _unfitting(path, f"it also holds {extra[0]}, which the model lacks")
    tensors = load_file(path)
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise _damaged(path, f"{name} holds values that are not finite")
    module.load_state_dict(tensors)


def _damaged(path: Path, detail: str) -> ModelFileError:
    return ModelFileError(
        f"The weight file {path.name} is damaged or truncated.", why=f"On reading {path}, {detail}.",
        fix="Copy or download the file again.",
    )  # fmt: skip


def _unfitting(path: Path, detail: str) -> ModelFileError:
    return ModelFileError(
        f"The weight file {path.name} does not fit this model.", why=f"On comparing {path}, {detail}.",
        fix="Choose the weight file that belongs to this model.json.",
    )  # fmt: skip
