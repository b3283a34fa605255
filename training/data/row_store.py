"""Arrays on disk that are written row by row, resumed after a crash, and read through memory maps.

While it grows, by one process at a time, the array is `NAME.part`, with the number of whole rows in `NAME.rows`. That
number is written after the rows are on the disk, so what a crash cut off lies behind it and is written anew. The whole
file is renamed last.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.errors import LoomError
from training.data.lock import exclusive
from training.data.watch import Watch
from training.run_folder import write_atomically

Array = npt.NDArray[np.generic]


def fill(
    path: Path, shape: tuple[int, ...], dtype: npt.DTypeLike, make: Callable[[int, int], Array],
    *, chunk: int, watch: Watch, what: str,
) -> Array:  # fmt: skip
    """Return the array at `path` (.npy), memory-mapped; compute the rows that are not there yet.

    Args:
        path: Where it is kept; its name has to stand for everything that the rows depend on.
        shape: [rows, ...].
        dtype: Type of the values.
        make: Gives rows start to stop; always called with the same bounds, `chunk` rows apart.
        chunk: Rows computed and kept at a time.
        watch: Is told `what` is done after each chunk.

    Raises:
        LoomError: The rows cannot be written, for example on a full disk; those before stay.
        Cancelled: The watch asked for it; the rows before stay.
    """
    if not path.exists():
        try:
            with exclusive(path.with_suffix(".lock"), watch):
                if not path.exists():  # another process may have made it meanwhile
                    part, journal = path.with_suffix(".part"), path.with_suffix(".rows")
                    _grow(part, journal, shape, np.dtype(dtype), make, chunk, watch, what)
                    part.replace(path)
                    journal.unlink()
        except OSError as error:
            raise LoomError(
                f"The cache {path.name} cannot be written.",
                why=f"{error.strerror or error}: {path.parent}.",
                fix="Free some space and resume; what was computed before is kept.",
            ) from error
    stored: Array = np.load(path, mmap_mode="r")
    return stored


def _grow(
    part: Path, journal: Path, shape: tuple[int, ...], dtype: np.dtype[np.generic],
    make: Callable[[int, int], Array], chunk: int, watch: Watch, what: str,
) -> None:  # fmt: skip
    row = int(np.prod(shape[1:], dtype=np.int64)) * dtype.itemsize
    done = _whole_rows(part, journal, row)
    need, free = (shape[0] - done) * row, shutil.disk_usage(part.parent).free
    if need > free:
        raise LoomError(
            f"The cache {part.stem} does not fit on the disk.",
            why=f"It needs {need / 2**20:,.0f} MiB more, and {free / 2**20:,.0f} MiB are free in {part.parent}.",
            fix="Free some space and resume, or train on fewer or smaller pictures.",
        )
    with part.open("r+b" if done else "wb") as file:
        if not done:
            header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
        else:
            np.lib.format.read_magic(file)
            np.lib.format.read_array_header_1_0(file)
        file.seek(file.tell() + done * row)
        file.truncate()
        for start in range(done, shape[0], chunk):
            watch.reached(what, start, shape[0])
            stop = min(start + chunk, shape[0])
            file.write(np.ascontiguousarray(make(start, stop), dtype).tobytes())
            file.flush()
            os.fsync(file.fileno())
            write_atomically(journal, json.dumps(stop).encode())
    watch.reached(what, shape[0], shape[0])


def _whole_rows(part: Path, journal: Path, row: int) -> int:
    try:
        done = int(json.loads(journal.read_bytes()))
        return done if part.stat().st_size > done * row else 0
    except (OSError, ValueError):
        return 0
