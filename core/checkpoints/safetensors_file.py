"""Reading the header of safetensors files, and checking it against the file.

Format: 8 bytes with the header's length (little-endian), a JSON header of names, dtypes, shapes and offsets, then the
data (safetensors, format specification).
"""

from __future__ import annotations

import itertools
import json
import math
import struct
from dataclasses import dataclass
from pathlib import Path

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

    @property
    def count(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        """How many bytes they take in the file."""
        return self.count * ITEM_BYTES[self.dtype]


def read_header(path: Path) -> dict[str, TensorEntry]:
    """Read names, dtypes and shapes without reading or allocating any weight.

    Raises:
        ModelFileError: The file is missing, truncated, or no safetensors file.
    """
    return read_header_and_notes(path)[0]


def read_header_and_notes(path: Path) -> tuple[dict[str, TensorEntry], dict[str, str]]:
    """Read the tensors' names, dtypes and shapes, and what the writer noted about the file ("__metadata__").

    Raises:
        ModelFileError: The file is missing, truncated, or no safetensors file.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(8)
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
            if not 2 <= length <= min(HEADER_LIMIT, size - 8):
                raise damaged(path, f"its header claims {length} bytes in a file of {size}")
            header = json.loads(file.read(length))
    except OSError as error:
        raise ModelFileError(
            f"The weight file {path.name} cannot be read.",
            why=f"{error.strerror}: {path}.",
            fix="Check the path, or install the model again.",
        ) from error
    except (ValueError, RecursionError) as error:
        raise damaged(path, "its header is not JSON") from error
    if not isinstance(header, dict):
        raise damaged(path, "its header holds no list of tensors")
    notes = header.pop("__metadata__", None)
    notes = {str(key): str(value) for key, value in notes.items()} if isinstance(notes, dict) else {}
    return _checked(header, path, size - 8 - length), notes


def _checked(header: dict[str, object], path: Path, data_bytes: int) -> dict[str, TensorEntry]:
    entries, spans = {}, []
    for name, entry in header.items():
        try:
            dtype, shape, (begin, end) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]  # type: ignore[index]
            whole = 0 <= begin <= end and math.prod(shape) * ITEM_BYTES[dtype] == end - begin
            whole = whole and all(type(size) is int and size >= 0 for size in (*shape, begin, end))
        except (KeyError, TypeError, ValueError) as error:
            raise damaged(path, f"the entry of {name} is malformed") from error
        if not whole:
            raise damaged(path, f"the size of {name} contradicts its shape {shape}")
        if end > data_bytes:
            raise damaged(path, f"{name} should end at byte {end}, but only {data_bytes} bytes of data are there")
        entries[name] = TensorEntry(dtype, shape)
        if begin < end:
            spans.append((begin, end, name))
    spans.sort()
    for (_, end, name), (begin, _, other) in itertools.pairwise(spans):
        if begin < end:
            raise damaged(path, f"{name} and {other} claim the same bytes")
    return entries


def damaged(path: Path, detail: str) -> ModelFileError:
    """Return the error for a weight file that contradicts itself; `detail` continues "on reading it, ..."."""
    return ModelFileError(
        f"The weight file {path.name} is damaged or truncated.", why=f"On reading {path}, {detail}.",
        fix="Copy or download the file again.",
    )  # fmt: skip
