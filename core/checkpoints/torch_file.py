"""Reading PyTorch's own files (.ckpt, .pt, .pth, .bin) without running anything that they hold.

Such a file is a ZIP archive of a pickle and one record a storage. Only `torch.load(weights_only=True)` reads the
pickle: it builds tensors and plain containers and refuses every other instruction. Shapes are read first with storages
on the "meta" device, where they take no memory, and compared with the file's size; then the file is mapped, not read.
"""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from core.checkpoints.safetensors_file import HEADER_LIMIT, TensorEntry, damaged
from core.errors import ModelFileError

_DTYPES = {
    torch.bool: "BOOL", torch.uint8: "U8", torch.int8: "I8", torch.int16: "I16", torch.int32: "I32",
    torch.int64: "I64", torch.float16: "F16", torch.bfloat16: "BF16", torch.float32: "F32", torch.float64: "F64",
    torch.float8_e4m3fn: "F8_E4M3", torch.float8_e5m2: "F8_E5M2",
}  # fmt: skip


class _Inert:
    """Stands for a class that training left in published files as a name; it is never called."""


_NAMED_BY_TRAINERS: list[Any] = [
    (_Inert, f"{module}.{name}")
    for module, name in (
        ("pytorch_lightning.callbacks.model_checkpoint", "ModelCheckpoint"),
        ("pytorch_lightning.callbacks.early_stopping", "EarlyStopping"),
    )
]


def read_torch_header(path: Path) -> dict[str, TensorEntry]:
    """Read names, dtypes and shapes of the weights without reading any of them.

    Raises:
        ModelFileError: The file is missing, damaged, of PyTorch's old format, or holds more than weights.
    """
    _check_archive(path)
    tensors = _state(_load(path, "meta"), path)
    storages = {tensor.untyped_storage()._cdata: tensor.untyped_storage().nbytes() for tensor in tensors.values()}
    if sum(storages.values()) > path.stat().st_size:
        raise damaged(path, f"its tensors claim {sum(storages.values())} bytes in a file of {path.stat().st_size}")
    for name, tensor in tensors.items():
        if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
            raise damaged(path, f"{name} repeats its numbers to a shape of {list(tensor.shape)}")
        if tensor.dtype not in _DTYPES:
            raise damaged(path, f"{name} is of kind {tensor.dtype}, which no model uses")
    return {name: TensorEntry(_DTYPES[tensor.dtype], tuple(tensor.shape)) for name, tensor in tensors.items()}


def map_torch_file(path: Path) -> dict[str, Tensor]:
    """Map the weights of a file that `read_torch_header` accepted; bytes are read when they are used."""
    return _state(_load(path, "cpu"), path)


def _check_archive(path: Path) -> None:
    """Refuse an archive that could unfold into more memory than it takes on the disk."""
    try:
        size = path.stat().st_size
        with zipfile.ZipFile(path) as archive:
            records = archive.infolist()
    except OSError as error:
        raise ModelFileError(
            f"The weight file {path.name} cannot be read.",
            why=f"{error.strerror}: {path}.",
            fix="Check the path, or copy the file again.",
        ) from error
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise ModelFileError(
            f"The weight file {path.name} is damaged, or of PyTorch's format from before version 1.6.",
            why=f"{path} is no ZIP archive: {error}.",
            fix="Copy the file again, or use its .safetensors version.",
        ) from error
    if any(record.compress_type != zipfile.ZIP_STORED for record in records):
        raise damaged(path, "some of its records are compressed, which PyTorch never does")
    if sum(record.file_size for record in records) > size:
        raise damaged(path, "its records claim more bytes than the file has")
    if any(record.file_size > HEADER_LIMIT for record in records if record.filename.endswith(".pkl")):
        raise damaged(path, f"its list of tensors is longer than {HEADER_LIMIT} bytes")


def _load(path: Path, device: str) -> object:
    try:
        with torch.serialization.safe_globals(_NAMED_BY_TRAINERS):
            return torch.load(path, map_location=device, weights_only=True, mmap=True)
    except pickle.UnpicklingError as error:
        raise ModelFileError(
            f"The weight file {path.name} holds more than weights, and was not opened.",
            why=f"Such a file can run any program when it is opened: {_first_line(error)}.",
            fix="Use the .safetensors version of this model.",
        ) from error
    except (RuntimeError, OSError, ValueError, LookupError, TypeError, AttributeError, EOFError) as error:
        raise damaged(path, _first_line(error)) from error


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    known = next((line for line in lines if "GLOBAL" in line or "Unsupported" in line), lines[0] if lines else "")
    return known.rstrip(".") or type(error).__name__


def _state(loaded: object, path: Path) -> dict[str, Tensor]:
    """Return the named tensors: the file's mapping itself, or that under "state_dict"."""
    while isinstance(loaded, Mapping) and isinstance(loaded.get("state_dict"), Mapping):
        loaded = loaded["state_dict"]
    if not isinstance(loaded, Mapping):
        raise damaged(path, "it holds no list of weights")
    tensors = {str(name): tensor for name, tensor in loaded.items() if isinstance(tensor, Tensor)}
    if not tensors:
        raise damaged(path, "it holds no weights")
    return tensors
