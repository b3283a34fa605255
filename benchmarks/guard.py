"""What a benchmark started does not outlive it, however it ends: a process of its own waits for that.

    with guarded(folder): ...

The benchmark holds the one end of a pipe whose other end the guard reads, so the guard learns of a SIGKILL, too; it is
in a session of its own, so that what ends the benchmark's group passes it by. For systems with /proc.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from training.watching.processes import started_at

ROOT = Path(__file__).resolve().parent.parent
_DONE = "done"
_LOOKS, _BETWEEN_S = 5, 0.1
"""A process that is being started may not name the folder yet: so often in a row there has to be none."""


@contextlib.contextmanager
def guarded(folder: Path) -> Iterator[None]:
    """End every process that works in `folder`, and remove it, should this process die inside the block."""
    if sys.platform != "linux":
        yield
        return
    guard = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.guard"], cwd=ROOT, stdin=subprocess.PIPE, text=True, start_new_session=True
    )
    assert guard.stdin is not None
    try:
        with guard.stdin as told:
            told.write(f"{folder.resolve()}\n")
            told.flush()
            yield
            told.write(_DONE)
    finally:
        guard.wait()


def processes_of(folder: Path) -> Iterator[tuple[int, str]]:
    """Yield id and command line of other processes that are given a path in `folder` or, if Python's, are in it."""
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (entry / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
            named = any(str(folder) in word for word in words)
            there = words[0] == sys.executable and (entry / "cwd").resolve().is_relative_to(folder)
            pid = int(entry.name)
            if (named or there) and pid != os.getpid() and started_at(pid) is not None:  # zombies did not start
                yield pid, " ".join(words)


def end_processes_of(folder: Path, spared: int) -> None:
    """Kill them, and those that they start meanwhile, but for the one that is `spared`."""
    clean = 0
    while clean < _LOOKS:
        found = [pid for pid, _ in processes_of(folder) if pid != spared]
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        clean = 0 if found else clean + 1
        time.sleep(_BETWEEN_S)


def main() -> int:
    """Wait for the end of the process that started this one."""
    benchmark, told = os.getppid(), sys.stdin.read().splitlines()
    if told and told[1:] != [_DONE]:
        end_processes_of(Path(told[0]), spared=benchmark)
        shutil.rmtree(told[0], ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
