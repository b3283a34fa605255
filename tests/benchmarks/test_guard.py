"""What a benchmark leaves behind when it is killed: nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.guard import ROOT, guarded, processes_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")
_PATIENCE_S = 60
_WAIT = "import sys; print(flush=True); sys.stdin.read()"
"""A process that ends with the pipe that it reads, whose other end the test holds."""
_BENCHMARK = """
import signal, subprocess, sys
from pathlib import Path
from benchmarks.guard import guarded
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in a shell's background
folder = Path(sys.argv[1])
with guarded(folder):
    started = [
        subprocess.Popen([sys.executable, "-c", {wait!r}, *named], cwd=place, start_new_session=True)
        for named, place in (((str(folder / "runs"),), "/"), ((), folder))
    ]
    for process in started:
        process.wait()
"""


@pytest.mark.parametrize("deadly", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_what_a_killed_benchmark_started_ends_and_its_folder_goes(tmp_path: Path, deadly: signal.Signals) -> None:
    folder = tmp_path / "guarded"
    folder.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", _BENCHMARK.format(wait=_WAIT), str(folder)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    ) as benchmark:  # fmt: skip
        assert benchmark.stdout is not None
        assert benchmark.stderr is not None
        assert [benchmark.stdout.readline() for _ in range(2)] == [b"\n"] * 2
        assert len([pid for pid, _ in processes_of(folder) if pid != benchmark.pid]) == 2
        benchmark.send_signal(deadly)
        benchmark.communicate(timeout=_PATIENCE_S)  # its errors end when the guard, the last to hold them, is gone
    assert list(processes_of(folder)) == []
    assert not folder.exists()


def test_a_benchmark_that_comes_to_its_end_keeps_its_folder(tmp_path: Path) -> None:
    with guarded(tmp_path):
        (tmp_path / "figures").touch()
    assert (tmp_path / "figures").exists()
