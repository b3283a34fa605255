"""Arrays that grow on disk: whole after a crash, a kill or a stop, and never computed twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.cancellation import CancelToken
from core.errors import Cancelled, LoomError
from training.data.row_store import Array, fill
from training.data.watch import Watch

COUNT, CHUNK = 10, 3
KILLED = """
import os, signal, sys
from pathlib import Path
import numpy as np
from training.data.row_store import fill
from training.data.watch import Watch

def make(start, stop):
    if start == 6:
        # Torn bytes behind the last whole rows, as a kill in the middle of a write leaves them.
        with Path(sys.argv[1]).with_suffix(".part").open("ab") as file:
            file.write(b"torn")
        os.kill(os.getpid(), signal.SIGKILL)
    return np.arange(start, stop)[:, None] * np.ones(2)

fill(Path(sys.argv[1]), (10, 2), np.float32, make, chunk=3, watch=Watch(), what="counting")
"""


class Maker:
    """Makes rows, notes which, and fails at one."""

    def __init__(self, fails_at: int = -1, error: Exception | None = None) -> None:
        self.asked: list[int] = []
        self._fails_at, self._error = fails_at, error

    def __call__(self, start: int, stop: int) -> Array:
        if start == self._fails_at and self._error:
            raise self._error
        self.asked.append(start)
        return np.arange(start, stop)[:, None] * np.ones(2)


def filled(path: Path, make: Maker, watch: Watch | None = None) -> Array:
    return fill(path, (COUNT, 2), np.float32, make, chunk=CHUNK, watch=watch or Watch(), what="counting")


def expected() -> Array:
    return (np.arange(COUNT)[:, None] * np.ones(2)).astype(np.float32)


def test_rows_are_computed_once_and_then_mapped(tmp_path: Path) -> None:
    make, again = Maker(), Maker()
    np.testing.assert_array_equal(filled(tmp_path / "a.npy", make), expected())
    stored = filled(tmp_path / "a.npy", again)
    assert (make.asked, again.asked) == ([0, 3, 6, 9], [])
    assert isinstance(stored, np.memmap)
    np.testing.assert_array_equal(stored, expected())
    assert {file.name for file in tmp_path.iterdir()} == {"a.npy", "a.lock"}


def test_after_a_failure_it_goes_on_behind_the_last_whole_rows(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        filled(tmp_path / "a.npy", Maker(6, ZeroDivisionError()))
    assert not (tmp_path / "a.npy").exists()
    rest = Maker()
    np.testing.assert_array_equal(filled(tmp_path / "a.npy", rest), expected())
    assert rest.asked == [6, 9]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_after_a_kill_it_goes_on_behind_the_last_whole_rows(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", KILLED, str(tmp_path / "a.npy")]
    ended = subprocess.run(command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, check=False)
    assert ended.returncode == -signal.SIGKILL
    rest = Maker()
    np.testing.assert_array_equal(filled(tmp_path / "a.npy", rest), expected())
    assert rest.asked == [6, 9]


def test_a_stop_acts_at_the_next_chunk_and_what_was_computed_stays(tmp_path: Path) -> None:
    cancel, told = CancelToken(), []

    def tell(what: str, done: int, total: int) -> None:
        told.append((what, done, total))
        if done == 6:
            cancel.cancel()
            cancel.check()

    with pytest.raises(Cancelled):
        filled(tmp_path / "a.npy", Maker(), Watch(cancel, tell))
    assert told == [("counting", 0, 10), ("counting", 3, 10), ("counting", 6, 10)]
    rest = Maker()
    filled(tmp_path / "a.npy", rest)
    assert rest.asked == [6, 9]


def test_what_cannot_fit_on_the_disk_is_refused_before_anything_is_computed(tmp_path: Path) -> None:
    make = Maker()
    with pytest.raises(LoomError, match=r"does not fit.*MiB are free"):
        fill(tmp_path / "a.npy", (COUNT, 2**50), np.uint8, make, chunk=CHUNK, watch=Watch(), what="counting")
    assert make.asked == []


def test_a_part_without_its_rows_is_begun_anew(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        filled(tmp_path / "a.npy", Maker(6, ZeroDivisionError()))
    (tmp_path / "a.part").write_bytes(b"")
    anew = Maker()
    np.testing.assert_array_equal(filled(tmp_path / "a.npy", anew), expected())
    assert anew.asked == [0, 3, 6, 9]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told_and_the_rows_before_stay(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        filled(tmp_path / "a.npy", Maker(3, ZeroDivisionError()))
    before = (tmp_path / "a.part").read_bytes()
    with pytest.raises(LoomError, match=r"No space left.*Free some space"):
        filled(tmp_path / "a.npy", Maker(6, OSError(28, "No space left on device")))
    assert (tmp_path / "a.part").read_bytes().startswith(before)
    np.testing.assert_array_equal(filled(tmp_path / "a.npy", Maker()), expected())
