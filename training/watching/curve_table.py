"""The curves of one phase as columns in a folder, with pyramids of (least, greatest, mean) to draw any part from.

Level k of a term holds one record for each 8^k rows. A window of ten million rows is drawn from the level that has
about as many records as the screen has pixels, so reading and memory depend on the screen and not on the run.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

FACTOR = 8
Floats = NDArray[np.float32]
_LEVEL = np.dtype([("low", "<f4"), ("high", "<f4"), ("mean", "<f4")])


@dataclass(frozen=True)
class Curve:
    """A drawable part of a curve; at full detail low, high and mean are the same.

    Attributes:
        steps: Step where each record begins, int64 [n].
        low, high, mean: Least, greatest and mean value in each, float32 [n].
    """

    steps: NDArray[np.int64]
    low: Floats
    high: Floats
    mean: Floats


class CurveTable:
    """Columns of equal length: the step, and a value for each term (NaN where a line had none).

    Attributes:
        folder: Where the columns lie.
        rows: How many rows there are.
        names: The terms, in the order in which they first came.
    """

    def __init__(self, folder: Path, rows: int = 0, names: tuple[str, ...] = ()) -> None:
        self.folder, self.rows, self.names = folder, rows, list(names)
        folder.mkdir(parents=True, exist_ok=True)

    def append(self, steps: NDArray[np.int64], terms: Mapping[str, Floats]) -> None:
        """Add rows. Steps that go back replace what was there: a resumed run repeats them.

        A second row of one step joins the first, as an evaluation's does.
        """
        backward = np.flatnonzero(np.diff(steps) <= 0) + 1
        for begin, end in zip([0, *backward], [*backward, len(steps)], strict=True):
            if end > begin:
                self._append(steps[begin:end], {name: values[begin:end] for name, values in terms.items()})

    def window(self, name: str, first: float, last: float, most: int) -> Curve:
        """The part from step `first` to step `last`, one row beyond at each side, in about `most` records."""
        steps = self._steps()
        begin = max(0, int(np.searchsorted(steps, first)) - 1)
        end = min(self.rows, int(np.searchsorted(steps, last, "right")) + 1)
        level = 0
        while (end - begin) // FACTOR**level > most:
            level += 1
        parts = [_empty()]
        while begin < end and level >= 0:
            span = FACTOR**level
            records = self._read(name, level, begin // span, -(-end // span))
            if len(records):
                at = np.arange(begin // span, begin // span + len(records)) * span
                parts.append(Curve(np.asarray(steps[at]), records["low"], records["high"], records["mean"]))
                begin = int(at[-1]) + span
            level -= 1  # the rows that do not fill a record of this level are in finer ones
        return Curve(
            *(np.concatenate([getattr(part, key) for part in parts]) for key in ("steps", "low", "high", "mean"))
        )

    def bounds(self) -> tuple[int, int]:
        """The first and the last step; (0, 0) without rows."""
        steps = self._steps()
        return (int(steps[0]), int(steps[-1])) if self.rows else (0, 0)

    def last(self) -> dict[str, float]:
        """The newest value of each term; NaN where the last line had none."""
        if not self.rows:
            return {}
        return {name: float(self._raw(name, self.rows - 1, 1)[0]) for name in self.names}

    def _append(self, steps: NDArray[np.int64], terms: Mapping[str, Floats]) -> None:
        if self.rows and steps[0] <= (last := self.bounds()[1]):
            if steps[0] == last:
                terms = self._joined(terms)
            self.rows = int(np.searchsorted(self._steps(), steps[0]))
        _write(self.folder / "step.i8", self.rows * 8, steps.astype("<i8").tobytes())
        self.names += [name for name in terms if name not in self.names]
        missing = np.full(len(steps), np.nan, "<f4")
        for name in self.names:
            file = self._file(name, 0)
            behind = self.rows - (file.stat().st_size // 4 if file.exists() else 0)
            if behind > 0:  # a term that comes late, such as a discriminator's, has no values before
                _write(file, (self.rows - behind) * 4, np.full(behind, np.nan, "<f4").tobytes())
            _write(file, self.rows * 4, terms.get(name, missing).astype("<f4").tobytes())
        before, self.rows = self.rows, self.rows + len(steps)
        for name in self.names:
            self._raise_pyramid(name, before)

    def _joined(self, terms: Mapping[str, Floats]) -> dict[str, Floats]:
        """`terms` whose first row also has what the table's last row says and it does not."""
        joined = {name: values.copy() for name, values in terms.items()}
        missing = np.full(len(next(iter(terms.values()), ())), np.nan, np.float32)
        for name, value in self.last().items():
            values = joined.setdefault(name, missing.copy())
            if len(values) and np.isnan(values[0]):
                values[0] = value
        return joined

    def _raise_pyramid(self, name: str, unchanged: int) -> None:
        """Make the records that are full now; those that hold rows from `unchanged` on are made anew."""
        level = 1
        while (want := self.rows // FACTOR**level) > 0:
            file = self._file(name, level)
            have = min(unchanged // FACTOR**level, file.stat().st_size // _LEVEL.itemsize if file.exists() else 0)
            if want > have:
                below = self._read(name, level - 1, have * FACTOR, want * FACTOR)
                _write(file, have * _LEVEL.itemsize, _reduced(below).tobytes())
            elif file.exists():
                os.truncate(file, want * _LEVEL.itemsize)
            level += 1
        while (file := self._file(name, level)).exists():
            file.unlink()
            level += 1

    def _read(self, name: str, level: int, begin: int, end: int) -> np.ndarray:
        """Records [begin, end) of a level, those that there are."""
        if level == 0:
            values = self._raw(name, begin, min(end, self.rows) - begin)
            records = np.empty(len(values), _LEVEL)
            for key in ("low", "high", "mean"):
                records[key] = values
            return records
        count = min(end, self.rows // FACTOR**level) - begin
        file = self._file(name, level)
        if count <= 0 or not file.exists():
            return np.empty(0, _LEVEL)
        return np.fromfile(file, _LEVEL, count, offset=begin * _LEVEL.itemsize)

    def _raw(self, name: str, begin: int, count: int) -> Floats:
        file = self._file(name, 0)
        if count <= 0 or not file.exists():
            return np.empty(0, np.float32)
        return np.fromfile(file, "<f4", count, offset=begin * 4)

    def _steps(self) -> NDArray[np.int64]:
        """The step column as a map of its file, so that a search touches a few pages of it."""
        if not self.rows:
            return np.empty(0, np.int64)
        return np.memmap(self.folder / "step.i8", "<i8", "r", shape=(self.rows,))

    def _file(self, name: str, level: int) -> Path:
        return self.folder / f"{quote(name, safe='')}.{level}"


def _reduced(records: np.ndarray) -> np.ndarray:
    """One record for each `FACTOR` records, NaN left out where there is anything else."""
    groups = records.reshape(-1, FACTOR)
    result = np.empty(len(groups), _LEVEL)
    result["low"] = np.fmin.reduce(groups["low"], axis=1)
    result["high"] = np.fmax.reduce(groups["high"], axis=1)
    known = np.isfinite(groups["mean"])
    total = np.where(known, groups["mean"], 0).sum(axis=1, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        result["mean"] = total / known.sum(axis=1)
    return result


def _empty() -> Curve:
    nothing = np.empty(0, np.float32)
    return Curve(np.empty(0, np.int64), nothing, nothing, nothing)


def _write(file: Path, offset: int, data: bytes) -> None:
    """Put `data` at `offset`, which becomes the end of the file."""
    with file.open("r+b" if file.exists() else "wb") as out:
        out.seek(offset)
        out.write(data)
        out.truncate()
